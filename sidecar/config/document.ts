/**
 * @file Hostile YAML text to plain values with their places: size, depth and aliases are bounded before anything is built.
 * It must not know which keys exist.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser } from 'yaml';
import type { Place, Problem } from '../errors.ts';
import { Places } from './places.ts';

export const maxBytes = 1_000_000;
const maxTokens = 20_000;
const maxDepth = 32;
const maxAliases = 20;
const maxProblems = 100;

export interface Source {
  /** The mapping of the file; undefined where the text is not YAML at all. */
  value?: Record<string, unknown>;
  places: Places;
  problems: Problem[];
}

/** Own, plain assignment: a key named `__proto__` must stay a key. */
export function setOwn(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A list of problems that stays readable when a file is wrong all through. */
export function bounded(problems: Problem[]): Problem[] {
  if (problems.length <= maxProblems) return problems;
  const rest = problems.length - maxProblems;
  return [
    ...problems.slice(0, maxProblems),
    {
      ...problems[maxProblems],
      code: 'config.more',
      why: `${rest} more problems follow from here.`,
      cure: 'Cure the ones above first.',
    },
  ];
}

const control = new Set(['\u0002', '\u0018', '\u001f']);

/** Lexing alone is linear, so it is asked first whether the text is small and flat enough to be parsed. */
export function tooMuch(text: string): { offset: number; why: string } | undefined {
  let offset = 0;
  let tokens = 0;
  let flow = 0;
  let onLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (control.has(token)) continue;
    if (++tokens > maxTokens) return { offset, why: `it has more than ${maxTokens} YAML tokens.` };
    if (token === '[' || token === '{') flow++;
    else if (token === ']' || token === '}') flow--;
    else if (token === '-' || token === '?') onLine++;
    else if (token.includes('\n')) onLine = 0;
    if (flow + onLine > maxDepth) return { offset, why: `it is nested more than ${maxDepth} levels deep.` };
    offset += token.length;
  }
  return undefined;
}

/** What a file is called in messages, and what it holds. */
export interface FileKind {
  tried: string;
  /** How deep and long such a file gets. */
  size: string;
  /** How it begins. */
  begin: string;
  mayBeEmpty: boolean;
}

const experimentKind: FileKind = {
  tried: 'read the experiment',
  size: 'An experiment needs four levels and a few hundred lines.',
  begin: 'Begin with `base:` and `languages:`.',
  mayBeEmpty: false,
};

/** Reads YAML text. Every problem of its form is reported, none thrown. `place` maps an offset to where it is shown. */
export function readDocument(
  text: string,
  file: string,
  place?: (offset: number) => Place,
  kind: FileKind = experimentKind,
): Source {
  const lines = new LineCounter();
  const at =
    place ??
    ((offset: number): Place => {
      const { line, col } = lines.linePos(Math.max(0, offset));
      return { file, line: Math.max(1, line), column: Math.max(1, col) };
    });
  const places = new Places(file);
  const problems: Problem[] = [];
  const fault = (code: string, offset: number, why: string, cure: string) =>
    problems.push({ code, tried: kind.tried, why, cure, place: at(offset) });
  const done = (value?: Record<string, unknown>): Source => ({ value, places, problems: bounded(problems) });

  if (text.length > maxBytes) {
    fault(
      'config.too-large',
      0,
      `it has ${text.length} characters; ${maxBytes} is the most.`,
      'Is this the right file?',
    );
    return done();
  }
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lines.addNewLine(i + 1);
  lines.lineStarts.unshift(0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const strange = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/);
  if (strange >= 0) {
    const hex = text.charCodeAt(strange).toString(16).padStart(4, '0');
    fault('config.not-text', strange, `it holds the character U+${hex}, which is not text.`, 'Save the file as UTF-8.');
    return done();
  }
  const excess = tooMuch(text);
  if (excess) {
    fault('config.too-deep', excess.offset, excess.why, kind.size);
    return done();
  }

  // Duplicate keys are found in the walk below: the library's own search takes quadratic time.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, version: '1.2', logLevel: 'silent' });
  const documents = [...composer.compose(new Parser().parse(text), true, text.length)];
  const document = documents[0];
  for (const error of [...document.errors, ...document.warnings]) {
    fault('config.syntax', error.pos[0], `this is not valid YAML (${error.message}).`, 'Correct the line named here.');
  }
  if (documents.length > 1) {
    fault('config.syntax', documents[1].range[0], 'a second YAML document begins here.', 'Keep one document a file.');
  }
  if (problems.length > 0) return done();

  let aliases = 0;
  /** Offset of the outermost alias being expanded: what a message points at, rather than the anchor's inside. */
  let expanding: number | undefined;
  const start = (node: Node | null | undefined, otherwise: number) => node?.range?.[0] ?? otherwise;
  const plain = (node: Node | null | undefined, path: string[], depth: number): unknown => {
    if (depth > maxDepth) {
      fault('config.too-deep', start(node, 0), `it is nested more than ${maxDepth} levels deep.`, 'Flatten it.');
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      const used = expanding ?? start(node, 0);
      // Each use is expanded here once, so uses are what must be few; an alias inside an alias grows without bound.
      if (++aliases > maxAliases) {
        if (aliases === maxAliases + 1) {
          fault('config.aliases', used, `more than ${maxAliases} aliases are used.`, 'Write the values out.');
        }
        return undefined;
      }
      if (!target) {
        fault(
          'config.syntax',
          start(node, 0),
          `the anchor &${node.source} is not defined above.`,
          'Define it, or write the value out.',
        );
        return undefined;
      }
      const outer = expanding;
      expanding = used;
      const value = plain(target as Node, path, depth + 1);
      expanding = outer;
      return value;
    }
    if (isMap(node)) {
      const result: Record<string, unknown> = {};
      for (const pair of node.items) {
        const keyNode = pair.key as Node | null;
        const offset = start(keyNode, start(node, 0));
        if (keyNode !== null && !isScalar(keyNode)) {
          fault('config.syntax', offset, 'a key here is not a single word.', 'Write `key: value`.');
          continue;
        }
        const key = String(keyNode?.source ?? keyNode?.value ?? '');
        const below = [...path, key];
        if (Object.hasOwn(result, key)) {
          const before = places.key(below);
          fault(
            'config.duplicate-key',
            offset,
            `the key ${below.join('.')} stands here a second time; the first is on line ${before.line}.`,
            'Remove one of them.',
          );
          continue;
        }
        const valueNode = pair.value as Node | null;
        places.add(below, at(offset), at(start(valueNode, offset)));
        setOwn(result, key, plain(valueNode, below, depth + 1));
      }
      return result;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const below = [...path, String(index)];
        const place = at(start(item as Node, start(node, 0)));
        places.add(below, place, place);
        return plain(item as Node, below, depth + 1);
      });
    }
    return isScalar(node) ? node.value : null;
  };

  const value = plain(document.contents, [], 0);
  if (problems.some((problem) => problem.code !== 'config.duplicate-key')) return done();
  if (value === null && kind.mayBeEmpty) return done({});
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    const found = value === null ? 'is empty' : Array.isArray(value) ? 'is a list' : 'is a single value';
    fault('config.empty', 0, `the file ${found}.`, kind.begin);
    return done();
  }
  return done(value as Record<string, unknown>);
}

/** Reads one YAML value, as `--set key=value` takes it. */
export function readValue(
  text: string,
  file: string,
  place: (offset: number) => Place,
): { value?: unknown; problems: Problem[] } {
  const prefix = 'v: ';
  const { value, problems } = readDocument(prefix + text, file, (offset) => place(offset - prefix.length));
  return { value: value?.v, problems };
}
