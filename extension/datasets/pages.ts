/**
 * @file Reports as read-only pages, shown by VS Code's own Markdown preview. The newest are kept with the workspace: a
 * reload opens their tabs again, and asks for their text.
 */
import * as vscode from 'vscode';
import { PageMemory } from './page-memory.ts';

const scheme = 'milore-report';

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts: PageMemory;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registered = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  constructor(state: vscode.Memento) {
    this.#texts = new PageMemory(state);
    // A tab that came back before this was there has shown nothing yet.
    for (const document of vscode.workspace.textDocuments)
      if (document.uri.scheme === scheme) this.#changed.fire(document.uri);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const known = this.#texts.get(uri.toString());
    return (
      known ??
      `# ${uri.query || 'MiLorE'}\n\n${vscode.l10n.t('This page is from an earlier window and was not kept. Inspect it again to see it.')}\n`
    );
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
