/**
 * @file What the language server asks of its client beyond the protocol: the editor's own file system, so that virtual
 * workspaces work and no second way to the disk is opened. Server and client carry different majors of vscode-jsonrpc:
 * methods are names and types alone.
 */

export type Kind = 'file' | 'folder' | 'other';

export interface InspectedData {
  /** Absolute. */
  path: string;
  clips: number;
  /** Of speech. Absent where an older version of the client asks. */
  seconds?: number;
  /** As in the report of an inspection. */
  short: { belowSeconds: number; clips: number; seconds: number }[];
}

/** Requests, all from the server; an error's message says why it cannot be known. */
export interface EditorRequests {
  /** What stands at a URI; null where there is nothing. */
  'milore/look': { params: { uri: string }; result: Kind | null };
  /** Names and kinds in a folder. */
  'milore/list': { params: { uri: string }; result: { name: string; kind: Kind }[] };
  /** The text of a file of at most 16 MB. */
  'milore/read': { params: { uri: string }; result: string };
  /** URIs of every experiment in the workspace. */
  'milore/experiments': { params: Record<string, never>; result: string[] };
  /** What inspections found of the data that is listed. */
  'milore/inspected': { params: Record<string, never>; result: InspectedData[] };
}

/** From the client: files may have come or gone; whatever was concluded from them is to be concluded anew. */
export const changed = 'milore/changed';

/** What the client hands over when it starts the server. */
export interface Initialization {
  /** English text to the person's language; empty where that is English. */
  words: Record<string, string>;
  /** As VS Code names it; absent where there are no words of ours in it. */
  locale?: string;
}
