/** @file What may be written at a cursor: keys that are not there yet, words, languages, datasets, models and paths. */
import {
  type CompletionItem,
  type CompletionList,
  InsertTextFormat,
  CompletionItemKind as Kind,
  type Position,
  type Range,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { allowed } from '../../sidecar/config/describe.ts';
import { languageName } from '../language-name.ts';
import { describeKey } from './describe-key.ts';
import { type Grammar, type Path, type Role, rowOf, variable } from './grammar.ts';
import { findLanguages } from './languages.ts';
import { type Cursor, cursorAt, siblingsOf } from './position.ts';
import { bodySnippet, entrySnippet, keySnippet, yamlText } from './snippets.ts';
import { Tree } from './tree.ts';
import { plain, type Translate } from './words.ts';
import type { Workspace } from './workspace.ts';

interface Place {
  document: TextDocument;
  text: string;
  cursor: Cursor;
  range: Range;
  grammar: Grammar;
  workspace: Workspace;
  t: Translate;
}

const more = { title: '', command: 'editor.action.triggerSuggest' };
const manifest = /\.(tsv|csv|txt|json|jsonl|scp)$/i;
const mostFiles = 300;

export async function complete(
  document: TextDocument,
  position: Position,
  grammar: Grammar,
  workspace: Workspace,
  t: Translate,
): Promise<CompletionList> {
  const text = document.getText();
  const cursor = cursorAt(text, document.offsetAt(position));
  if (!cursor) return { isIncomplete: false, items: [] };
  const range = { start: document.positionAt(cursor.replace.start), end: document.positionAt(cursor.replace.end) };
  const place: Place = { document, text, cursor, range, grammar, workspace, t };
  const row = rowOf(grammar, cursor.path);
  const isSection = cursor.path.length === 0 || row?.type === 'section';
  if (cursor.at === 'key') return keys(place, cursor.path);
  if (isSection) return cursor.ownLine && !cursor.quote ? keys(place, cursor.path) : wholeSection(place);
  return values(place);
}

/** A word offered in place of what was typed. */
const item = ({ range }: Place, label: string, newText: string, rest: Partial<CompletionItem>): CompletionItem => ({
  label,
  ...rest,
  textEdit: { range, newText },
});

async function keys(place: Place, section: Path): Promise<CompletionList> {
  const { text, cursor, grammar, t } = place;
  const there = siblingsOf(text, cursor, section);
  const named = grammar.named(section);
  if (named === 'language') return languageKeys(place, section, there);
  if (named === 'key') return variedKeys(place, section, there);
  if (named === 'point') return { isIncomplete: false, items: [] };
  if (named) {
    const labels = { dataset: t('new dataset'), model: t('new model'), place: t('new place') };
    const label = labels[named];
    const newText = entrySnippet(grammar, section);
    const rest = { kind: Kind.Struct, insertTextFormat: InsertTextFormat.Snippet, filterText: cursor.word || label };
    return { isIncomplete: false, items: cursor.colon ? [] : [item(place, label, newText, rest)] };
  }
  const rows = grammar.keys.under(section).filter((key) => !there.has(key));
  const items = rows.map((key, index) => {
    const path = [...section, key];
    const row = rowOf(grammar, path)!;
    return item(place, key, cursor.colon ? key : keySnippet(grammar, path, cursor.flow), {
      kind: row.type === 'section' ? Kind.Module : Kind.Property,
      detail: row.type === 'section' ? t('section') : allowed(row),
      documentation: { kind: 'markdown', value: describeKey(row, t) },
      filterText: key,
      sortText: `${row.required ? 0 : 1}${String(index).padStart(3, '0')}`,
      insertTextFormat: cursor.colon ? InsertTextFormat.PlainText : InsertTextFormat.Snippet,
      ...(grammar.role(path) && !cursor.colon ? { command: more } : {}),
    });
  });
  return { isIncomplete: false, items };
}

/** In a sweep: the experiment's own keys by their whole names, with a list, a range or a value below. */
function variedKeys(place: Place, section: Path, there: ReadonlySet<string>): CompletionList {
  const { cursor, t } = place;
  const below = section[1] === 'keys' ? ': [$0]' : section[1] === 'ranges' ? ': { from: $1, to: $2 }' : ': $0';
  const rows = variable().filter(
    ({ path, type }) => !there.has(path) && (section[1] !== 'ranges' || /number/.test(type)),
  );
  const items = rows.map((row, index) =>
    item(place, row.path, cursor.colon ? row.path : row.path + below, {
      kind: Kind.Property,
      detail: allowed(row),
      documentation: { kind: 'markdown', value: describeKey(row, t) },
      filterText: row.path,
      sortText: String(index).padStart(3, '0'),
      insertTextFormat: cursor.colon ? InsertTextFormat.PlainText : InsertTextFormat.Snippet,
    }),
  );
  return { isIncomplete: false, items };
}

/** Codes for keys and values alike, found by code or name; those of the workspace's datasets first. */
async function codes(place: Place, there: ReadonlySet<string>, write: (code: string) => string, snippet: boolean) {
  const list = await place.workspace.datasets(place.document.uri);
  const own = new Set(Object.values(list?.datasets ?? {}).map(({ language }) => language));
  const found = findLanguages(place.cursor.word);
  if (place.cursor.word === '') {
    for (const code of own) found.unshift({ code, name: languageName(code) ?? code, rank: 0 });
  }
  const once = new Map(found.filter(({ code }) => !there.has(code)).map((language) => [language.code, language]));
  const items = [...once.values()].map(({ code, name, rank }, index) =>
    item(place, code, write(code), {
      kind: Kind.Enum,
      labelDetails: { description: name },
      detail: name,
      sortText: `${own.has(code) ? 0 : rank + 1}${String(index).padStart(3, '0')}`,
      // Found by its name as well: what was typed may not be in the code.
      filterText: place.cursor.word || code,
      insertTextFormat: snippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    }),
  );
  // What is found depends on each letter, names included.
  return { isIncomplete: true, items };
}

const languageKeys = (place: Place, section: Path, there: ReadonlySet<string>) =>
  codes(
    place,
    there,
    (code) => (place.cursor.colon ? code : entrySnippet(place.grammar, section, code)),
    !place.cursor.colon,
  );

/** `eng: ` and nothing yet: what a language needs, in braces. */
function wholeSection(place: Place): CompletionList {
  const { cursor, grammar, t } = place;
  const named = grammar.named(cursor.path.slice(0, -1));
  const label =
    named && named !== 'key' && named !== 'point'
      ? `{ ${grammar.keys.under(cursor.path).slice(0, 2).join(', ')} }`
      : undefined;
  if (!label || cursor.word !== '') return { isIncomplete: false, items: [] };
  const newText = bodySnippet(grammar, cursor.path.slice(0, -1));
  const rest = { kind: Kind.Struct, detail: t('section'), insertTextFormat: InsertTextFormat.Snippet };
  return { isIncomplete: false, items: [item(place, label, newText, rest)] };
}

async function values(place: Place): Promise<CompletionList> {
  const { cursor, grammar, text, t } = place;
  const row = rowOf(grammar, cursor.path);
  const role = grammar.role(cursor.path);
  if (role?.names === 'language') return codes(place, new Set(), (code) => code, false);
  const inList = typeof cursor.path.at(-1) === 'number';
  const tree = new Tree(text);
  const listed = new Set(
    inList
      ? tree.entries
          .filter(
            ({ path }) =>
              path.length === cursor.path.length && String(path.slice(0, -1)) === String(cursor.path.slice(0, -1)),
          )
          .map((entry) => entry.text ?? '')
      : [],
  );
  listed.delete(text.slice(cursor.replace.start, cursor.replace.end));
  const items: CompletionItem[] = [];
  const word = (value: string, kind: Kind, detail: string, sortText: string, filterText = value) => {
    if (!listed.has(value)) items.push(item(place, value, value, { kind, detail, sortText, filterText }));
  };
  if (row && !cursor.quote && !(inList && role?.names === 'languages')) {
    const isDefault = (value: string) => (row.writable && row.default === value ? t('default') : '');
    for (const [index, value] of row.values.entries())
      word(value, Kind.EnumMember, isDefault(value), `1${String(index).padStart(2, '0')}`);
    if (row.writable && !inList && !row.values.includes(row.default)) word(row.default, Kind.Value, t('default'), '0');
  }
  if (role?.names === 'languages' && !cursor.quote) {
    const present = tree.under(['languages']).filter((code) => {
      return role.only === undefined || tree.at(['languages', code, 'role'])?.text === role.only;
    });
    if (inList) for (const code of present) word(code, Kind.Enum, languageName(code) ?? '', '0');
    else if (present.length > 0) word(`[${present.join(', ')}]`, Kind.Value, '', '2');
  }
  if (
    role &&
    (role.names === 'experiment' || role.names === 'audio' || role.names === 'model' || role.names === 'head')
  ) {
    items.push(...(await references(place, role)), ...(await paths(place, role)));
  }
  return { isIncomplete: false, items };
}

type Located = Extract<Role, { names: 'audio' | 'model' | 'head' | 'experiment' }>;

async function references(place: Place, role: Located): Promise<CompletionItem[]> {
  if (role.names === 'head' || role.names === 'experiment' || !role.references || place.cursor.word.includes('/'))
    return [];
  const list = await place.workspace.datasets(place.document.uri);
  if (!list) return [];
  const prefix = role.names === 'audio' ? 'dataset' : 'model';
  const entries: { name: string; detail: string; path: string }[] =
    role.names === 'model'
      ? Object.entries(list.models).map(([name, { path }]) => ({ name, detail: '', path }))
      : Object.entries(list.datasets)
          .filter(([, { language }]) => role.code === undefined || language === role.code)
          .map(([name, { language, path }]) => ({ name, detail: languageName(language) ?? language, path }));
  return entries.map(({ name, detail, path }) => {
    const label = `${prefix}:${name}`;
    return item(place, label, quoted(place, label), {
      kind: Kind.Reference,
      detail,
      documentation: { kind: 'markdown', value: plain(path) },
      filterText: label,
      sortText: `0${name}`,
    });
  });
}

/** As it has to be written between the quotes that are there, or with its own where it needs some. */
function quoted({ cursor }: Place, value: string): string {
  if (cursor.quote === '"') return JSON.stringify(value).slice(1, -1);
  if (cursor.quote === "'") return value.replaceAll("'", "''");
  return yamlText(value);
}

async function paths(place: Place, role: Located): Promise<CompletionItem[]> {
  const { cursor, document, workspace } = place;
  if (/^(dataset|model):/.test(cursor.word)) return [];
  const folder = cursor.word.slice(0, cursor.word.lastIndexOf('/') + 1);
  const entries = await workspace.entries(document.uri, folder);
  const wanted = entries.filter(({ name, kind }) => {
    if (name.startsWith('.') || name === 'node_modules') return false;
    if (kind === 'folder') return true;
    if (role.names === 'experiment') return /\.milore\.ya?ml$/.test(name);
    return role.names === 'head' ? name.endsWith('.safetensors') : role.names === 'audio' && manifest.test(name);
  });
  return wanted.slice(0, mostFiles).map(({ name, kind }) => {
    const path = folder + name;
    return item(place, kind === 'folder' ? `${name}/` : name, quoted(place, path), {
      kind: kind === 'folder' ? Kind.Folder : Kind.File,
      filterText: path,
      sortText: `5${kind === 'folder' ? 0 : 1}${name}`,
    });
  });
}
