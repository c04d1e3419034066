/**
 * @file Notifications whose text is text. VS Code makes `[words](command:…)` in a message a link that runs the command,
 * also in Restricted Mode, and much of what is said here comes from files that anyone may have written.
 */
import * as vscode from 'vscode';
import { unlinked } from './text.ts';

export const inform = (message: string, ...answers: string[]): Thenable<string | undefined> =>
  vscode.window.showInformationMessage(unlinked(message), ...answers);

export const warn = (message: string, ...answers: string[]): Thenable<string | undefined> =>
  vscode.window.showWarningMessage(unlinked(message), ...answers);

export const complain = (message: string, ...answers: string[]): Thenable<string | undefined> =>
  vscode.window.showErrorMessage(unlinked(message), ...answers);

/** Asks before something that is hard to take back. */
export async function agreed(message: string, yes: string, detail?: string): Promise<boolean> {
  const options = { modal: true, detail: detail && unlinked(detail) };
  return (await vscode.window.showWarningMessage(unlinked(message), options, yes)) === yes;
}
