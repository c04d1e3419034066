// The page that the editor shows of the extension, made of README.md: it begins with what a person does in VS Code, its
// pictures lie in it as PNG (a relative path leads nowhere there), and a link that leads nowhere is its words alone.
import { extname } from 'node:path';

/** Sections that are for who builds it from its sources. */
const forDevelopers = ['What npm start shows'];
/** What stands first, in this order; all else follows as it is. */
const first = ['In VS Code', 'Your own data'];
/** One picture tells enough: each adds a third of itself to the page. */
const mostPictures = 2;

/**
 * @param {string} text README.md
 * @param {(path: string) => Uint8Array} read a file beside it
 * @returns {string}
 */
export function readmeForEditor(text, read) {
  const [head, ...rest] = text.split(/^(?=## )/m);
  const titleOf = (section) => /^## (.*)/.exec(section)?.[1].trim() ?? '';
  const kept = rest.filter((section) => !forDevelopers.includes(titleOf(section)));
  const sections = [
    ...first.flatMap((title) => kept.filter((section) => titleOf(section) === title)),
    ...kept.filter((section) => !first.includes(titleOf(section))),
  ];
  return withPictures(plainLinks([userHead(head), ...sections].join('')), read);
}

/** Of the beginning the words and the picture, without the commands that build it and what they need. */
const userHead = (head) =>
  head
    .replace(/^```[\s\S]*?^```\n+/gm, '')
    .split('\n\n')
    .filter((paragraph) => !/\bnpm\b/.test(paragraph))
    .join('\n\n')
    .trimEnd()
    .concat('\n\n');

const isFar = (target) => /^(https:|mailto:|#)/.test(target);

/** The pages are packed with it, and the editor does not open them from here. */
const plainLinks = (text) =>
  text.replace(/(?<!!)\[([^\]]+)\]\(([^)\s]+)\)/g, (whole, words, target) => (isFar(target) ? whole : words));

function withPictures(text, read) {
  let count = 0;
  return text.replace(/!\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, words, target) => {
    if (isFar(target)) return whole;
    if (extname(target) !== '.png' || ++count > mostPictures) return '';
    return `![${words}](data:image/png;base64,${Buffer.from(read(target)).toString('base64')})`;
  });
}
