/** @file Reports as read-only pages, shown by VS Code's own Markdown preview. */
import * as vscode from 'vscode';

const scheme = 'milore-report';

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registered = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** `name` is what the tab says; one page a name. */
  async show(name: string, text: string): Promise<void> {
    const safe = name.replace(/[^\p{L}\p{N} ._-]+/gu, '_').slice(0, 80);
    const uri = vscode.Uri.from({ scheme, path: `/${safe}.md`, query: name });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
    } catch {
      // A VS Code whose Markdown extension is switched off shows the text itself.
      await vscode.window.showTextDocument(uri, { preview: true });
    }
  }

  dispose(): void {
    this.#registered.dispose();
    this.#changed.dispose();
  }
}
