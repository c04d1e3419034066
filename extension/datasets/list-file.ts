/** @file One list as it was read, and where what it names lies. */
import { homedir } from 'node:os';
import { isAbsolute, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { ParsedDatasets } from '../../sidecar/config/datasets.ts';

export class ListFile {
  readonly uri: vscode.Uri;
  readonly parsed: ParsedDatasets;

  constructor(uri: vscode.Uri, parsed: ParsedDatasets) {
    this.uri = uri;
    this.parsed = parsed;
  }

  /** Where a path of the list leads. */
  at(path: string): vscode.Uri {
    return pathIn(this.uri, path);
  }
}

export function pathIn(list: vscode.Uri, path: string): vscode.Uri {
  const full = path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
  if (isAbsolute(full) && list.scheme === 'file') return vscode.Uri.file(full);
  return vscode.Uri.joinPath(list, '..', full.split('\\').join('/'));
}

/** How a list writes the way to a folder: relative where that stays below the list's own folder. */
export function pathFrom(list: vscode.Uri, folder: vscode.Uri): string {
  const base = vscode.Uri.joinPath(list, '..');
  const way = relative(base.fsPath, folder.fsPath);
  if (way === '') return '.';
  return way.startsWith('..') || isAbsolute(way) ? folder.fsPath : way.split(sep).join('/');
}
