import assert from 'node:assert/strict';
import * as vscode from 'vscode';

const id = 'milore.milore';

export function manifestTests(): void {
  describe('the extension', () => {
    it('is active in a workspace with an experiment', async () => {
      const extension = vscode.extensions.getExtension(id);
      assert.ok(extension);
      await extension.activate();
      assert.equal(extension.isActive, true);
    });

    it('answers every command that it declares', async () => {
      const declared: { command: string }[] = vscode.extensions.getExtension(id)?.packageJSON.contributes.commands;
      const known = new Set(await vscode.commands.getCommands(true));
      assert.deepEqual(
        declared.map(({ command }) => command).filter((command) => !known.has(command)),
        [],
      );
    });

    it('offers assistants its tool, where this VS Code has tools', () => {
      const { tools } = (vscode as unknown as { lm?: { tools?: readonly { name: string }[] } }).lm ?? {};
      if (tools)
        assert.ok(
          tools.some(({ name }) => name === 'milore_train'),
          tools.map(({ name }) => name).join(),
        );
    });

    it('asks VS Code not to forward the port of its sidecar', () => {
      const ports = vscode.workspace
        .getConfiguration('remote')
        .get<Record<string, { onAutoForward?: string }>>('portsAttributes');
      assert.equal(ports?.['milore\\.js serve']?.onAutoForward, 'ignore', JSON.stringify(ports));
    });

    it('offers each experiment as a task', async () => {
      let tasks: vscode.Task[] = [];
      // In its first seconds a window's search finds nothing at all.
      for (let tries = 0; tries < 20 && tasks.length === 0; tries++) {
        if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 500));
        tasks = await vscode.tasks.fetchTasks({ type: 'milore' });
      }
      assert.deepEqual(tasks.map(({ definition }) => definition.experiment).sort(), [
        'add-two-languages.milore.yaml',
        'one-after-the-other.milore.yaml',
        'without-replay.milore.yaml',
      ]);
    });
  });
}
