/** @file Shows a folder or file where such things are shown: in the explorer, or in the system's own outside the workspace. */
import * as vscode from 'vscode';
import { inform } from './say.ts';

export async function reveal(uri: vscode.Uri): Promise<void> {
  if (vscode.workspace.getWorkspaceFolder(uri)) return vscode.commands.executeCommand('revealInExplorer', uri);
  try {
    await vscode.commands.executeCommand('revealFileInOS', uri);
  } catch {
    // VS Code in a browser, or on a machine far away, has no such window.
    await vscode.env.clipboard.writeText(uri.fsPath);
    void inform(vscode.l10n.t('{0} lies outside the workspace; its path is in the clipboard now.', uri.fsPath));
  }
}
