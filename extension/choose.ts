/** @file Lists to choose from. */
import * as vscode from 'vscode';

/**
 * VS Code's list, which stays until it is answered or left by Escape. Over the walkthrough a list that goes with the focus
 * could not be read: 150 ms after the command palette has closed, the walkthrough's step takes the focus once more.
 */
export const choose = ((items: readonly vscode.QuickPickItem[], options?: vscode.QuickPickOptions) =>
  vscode.window.showQuickPick(items, { ignoreFocusOut: true, ...options })) as typeof vscode.window.showQuickPick;
