/**
 * @file What lies around a document, asked of the editor: folders, the list of datasets, the base model's config.json.
 * URIs outside, paths inside; it must not know how the editor is reached.
 */
import { homedir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BaseConfig } from '../../sidecar/architecture/config.ts';
import { configOf } from '../../sidecar/architecture/huggingface.ts';
import type { DatasetsFile, Files } from '../../sidecar/config/paths.ts';
import { findDatasets } from '../../sidecar/config/paths.ts';
import { parseReference } from '../../sidecar/config/references.ts';
import type { Kind } from './messages.ts';

/** The editor, or whoever stands in for it. URIs; errors as `Files` has them. */
export interface Editor {
  look(uri: string): Promise<Kind | null>;
  list(uri: string): Promise<{ name: string; kind: Kind }[]>;
  read(uri: string): Promise<string>;
  experiments(): Promise<string[]>;
  /** The text of an open document, saved or not. */
  open(path: string): string | undefined;
}

/** The path that messages show: the file system's own for `file:`, the URI's path elsewhere. */
export function pathOf(uri: string): string {
  if (uri.startsWith('file:')) {
    try {
      return fileURLToPath(uri);
    } catch {
      // A share or a drive of another system: shown as it is written.
    }
  }
  const path = uri.replace(/^[a-z][\w+.-]*:(\/\/[^/?#]*)?/i, '').replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The URI of a path in the file system of another URI. */
export function uriOf(path: string, like: string): string {
  if (like.startsWith('file:')) return pathToFileURL(path).href;
  const origin = /^[a-z][\w+.-]*:(\/\/[^/?#]*)?/i.exec(like)?.[0] ?? 'file://';
  return origin + path.split('/').map(encodeURIComponent).join('/');
}

/** How long what was concluded from files is believed where nobody says that they changed. */
const believedMs = 2000;

export class Workspace {
  readonly #editor: Editor;
  readonly #lists = new Map<string, { list: Promise<DatasetsFile | undefined>; until: number }>();

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** After files came, went or changed. */
  forget(): void {
    this.#lists.clear();
  }

  experiments(): Promise<string[]> {
    return this.#editor.experiments();
  }

  async text(uri: string): Promise<string> {
    return this.#editor.open(pathOf(uri)) ?? this.#editor.read(uri);
  }

  /** The file system that a document lies in; undefined where it lies in none yet. */
  files(uri: string): Files | undefined {
    if (uri.startsWith('untitled:')) return undefined;
    const local = uri.startsWith('file:');
    const path = local ? nodePath : nodePath.posix;
    return {
      absolute: (text, folder) =>
        local && text.startsWith('~/') ? path.resolve(homedir(), text.slice(2)) : path.resolve(folder, text),
      parent: path.dirname,
      name: path.basename,
      join: path.join,
      look: async (at) => (await this.#editor.look(uriOf(at, uri))) ?? undefined,
      list: async (at) => (await this.#editor.list(uriOf(at, uri))).map(({ name }) => name),
      read: async (at) => this.#editor.open(at) ?? this.#editor.read(uriOf(at, uri)),
    };
  }

  /** The folder that a document's paths are relative to. */
  folder(uri: string): string {
    return (uri.startsWith('file:') ? nodePath : nodePath.posix).dirname(pathOf(uri));
  }

  /** What stands in a folder, as a person writes it; nothing where there is no such folder. */
  async entries(uri: string, written: string): Promise<{ name: string; kind: Kind }[]> {
    const files = this.files(uri);
    if (!files) return [];
    try {
      return await this.#editor.list(uriOf(files.absolute(written || '.', this.folder(uri)), uri));
    } catch {
      return [];
    }
  }

  /** The list of datasets that a document's names are looked up in. */
  datasets(uri: string): Promise<DatasetsFile | undefined> {
    const files = this.files(uri);
    if (!files) return Promise.resolve(undefined);
    const folder = this.folder(uri);
    const known = this.#lists.get(folder);
    if (known && known.until > Date.now()) return known.list;
    const list = findDatasets(files, folder).catch(() => undefined);
    this.#lists.set(folder, { list, until: Date.now() + believedMs });
    return list;
  }

  /** Where a path or reference of a document leads. */
  async target(uri: string, written: string): Promise<string | undefined> {
    const files = this.files(uri);
    if (!files) return undefined;
    const reference = parseReference(written);
    if (!reference) return files.absolute(written, this.folder(uri));
    const list = await this.datasets(uri);
    const entries = reference.kind === 'dataset' ? list?.datasets : list?.models;
    if (!list || !entries || !Object.hasOwn(entries, reference.name)) return undefined;
    return files.absolute(entries[reference.name].path, files.parent(list.file));
  }

  /** The shape that the config.json of a base model gives it. */
  async shape(uri: string, model: string): Promise<BaseConfig | undefined> {
    const files = this.files(uri);
    const folder = await this.target(uri, model);
    if (!files || folder === undefined) return undefined;
    try {
      return configOf(JSON.parse(await files.read(files.join(folder, 'config.json'))));
    } catch {
      return undefined;
    }
  }
}
