import assert from 'node:assert/strict';
import * as vscode from 'vscode';

const folder = () => vscode.workspace.workspaceFolders![0].uri;
const open = async (name: string) => {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder(), name));
  await vscode.window.showTextDocument(document);
  return document;
};
const at = (document: vscode.TextDocument, text: string) =>
  document.positionAt(document.getText().indexOf(text) + text.length);

/** Asks until there is an answer: the server starts beside the first question. */
async function eventually<T>(ask: () => Thenable<T>, enough: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (enough(answer) || tries > 60) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export function languageTests(): void {
  describe('an experiment in the editor', () => {
    let document: vscode.TextDocument;
    before(async () => {
      document = await open('add-two-languages.milore.yaml');
    });

    it('has Train, Train on… and Estimate above its first line, and the exact number of parameters', async () => {
      const lenses = await eventually(
        () => vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10),
        (found) => found.length >= 4,
      );
      const titles = lenses.map(({ command }) => command?.title ?? '');
      for (const word of ['Train', 'Train on…', 'Estimate'])
        assert.ok(
          titles.some((title) => title.includes(word)),
          titles.join(' | '),
        );
      assert.ok(
        titles.some((title) => /195.?840/.test(title)),
        titles.join(' | '),
      );
    });

    it('completes keys where the cursor is', async () => {
      const list = await eventually(
        () =>
          vscode.commands.executeCommand<vscode.CompletionList>(
            'vscode.executeCompletionItemProvider',
            document.uri,
            at(document, 'adapter:\n  '),
          ),
        ({ items }) => items.length > 0,
      );
      const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
      assert.ok(
        labels.some((label) => label.startsWith('router')),
        labels.join(', '),
      );
    });

    it('explains a key with its range and default', async () => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        at(document, 'adapter:\n  exper'),
      );
      const text = hovers
        .flatMap(({ contents }) => contents.map((part) => (part as vscode.MarkdownString).value))
        .join('\n');
      assert.match(text, /1 to 64/);
    });

    it('marks a wrong key while it is typed, and mends it', async () => {
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, document.positionAt(document.getText().length), '\nchekpoint:\n  every: 10\n');
      await vscode.workspace.applyEdit(edit);
      const faults = await eventually(
        async () => vscode.languages.getDiagnostics(document.uri),
        (found) => found.length > 0,
      );
      assert.match(faults.map(({ message }) => message).join('\n'), /chekpoint/);
      const fixes = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        faults[0].range,
      );
      assert.ok(
        fixes.some(({ title }) => title.includes('checkpoint')),
        fixes.map(({ title }) => title).join(', '),
      );
      await vscode.commands.executeCommand('undo');
      await eventually(
        async () => vscode.languages.getDiagnostics(document.uri),
        (found) => found.length === 0,
      );
      assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    });
  });

  describe('the list of datasets', () => {
    it('renames a dataset in every experiment', async () => {
      const list = await open('milore.datasets.yaml');
      const key = /^ {2}(fin[\w-]*):/m.exec(list.getText())!;
      const place = list.positionAt(key.index + 3);
      const edit = await eventually(
        () =>
          vscode.commands.executeCommand<vscode.WorkspaceEdit>(
            'vscode.executeDocumentRenameProvider',
            list.uri,
            place,
            'suomi',
          ),
        (answer) => (answer?.size ?? 0) > 0,
      );
      assert.equal(edit.size, 3);
    });
  });
}
