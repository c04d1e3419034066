/** @file The page of the dashboard's webview: a script, a style, and a policy that allows nothing else. */
import { randomBytes } from 'node:crypto';

/**
 * webview-ui-toolkit's foundation puts one style element into its components' shadow roots where a browser lacks
 * adopted style sheets, and one into the page; VS Code's own default styles need no entry.
 */
export function pageOf({
  script,
  style,
  cspSource,
  styleHashes,
  title,
  language,
}: {
  script: string;
  style: string;
  cspSource: string;
  styleHashes: readonly string[];
  title: string;
  language: string;
}): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${[cspSource, ...styleHashes.map((hash) => `'${hash}'`)].join(' ')}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data: blob:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${attribute(style)}">
<title>${attribute(title)}</title>
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${attribute(script)}"></script>
</body>
</html>`;
}

const attribute = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
