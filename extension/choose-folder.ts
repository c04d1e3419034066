/** @file Asks where something shall lie: a folder, beginning at the workspace. */
import * as vscode from 'vscode';

export async function chooseFolder(
  title: string,
  openLabel: string,
  workspace: string | undefined,
): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel,
    canSelectFolders: true,
    canSelectFiles: false,
    defaultUri: workspace ? vscode.Uri.file(workspace) : undefined,
  });
  return chosen?.[0].fsPath;
}
