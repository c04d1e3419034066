/**
 * @file A finished run on the Hugging Face hub: exported, its card shown, and sent once a person has agreed to it. The
 * token lies in the editor's secret store alone.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { sizeInWords } from '../../sidecar/machine.ts';
import type { PublicationPreview } from '../../sidecar/protocol/hub-messages.ts';
import { choose } from '../choose.ts';
import { messageOf } from '../fault.ts';
import { agreed, complain, inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { hubId, unlinked } from '../text.ts';
import { chooseForm } from './export.ts';
import type { StoredRun } from './store.ts';

type Context = Pick<vscode.ExtensionContext, 'secrets' | 'workspaceState'>;

const tokenKey = 'milore.hub.token';
const ownerKey = 'milore.hub.owner';

interface Answers {
  repo: string;
  isPrivate: boolean;
}

export async function publishRun(run: StoredRun, sidecar: SidecarService, context: Context): Promise<void> {
  if (run.state !== 'done') return void inform(vscode.l10n.t('Only a run that is done can be published.'));
  const chosen = await chooseForm(run);
  if (!chosen) return;
  let card: vscode.Disposable | undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'milore-publish-'));
  try {
    const folder = join(scratch, 'export');
    const preview = await working(vscode.l10n.t('Exporting {0}', run.name), async () => {
      await sidecar.request('run/export', { run: run.id, out: folder, as: chosen.form });
      return sidecar.request('hub/preview', { folder });
    });
    card = await showCard(run, readFileSync(join(folder, 'README.md'), 'utf8'));
    const answers = await ask(run, context);
    if (!answers || !(await agree(answers, preview))) return;
    await send(folder, answers, sidecar, context);
  } finally {
    card?.dispose();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** As the hub will show it; the text itself where no preview is to be had. It outlives the folder that it lies in. */
async function showCard({ id }: StoredRun, text: string): Promise<vscode.Disposable> {
  const scheme = 'milore-card';
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: () => text,
  });
  const card = vscode.Uri.from({ scheme, path: `/${id}/README.md` });
  try {
    await vscode.commands.executeCommand('markdown.showPreview', card);
  } catch {
    await vscode.window.showTextDocument(card, { preview: true });
  }
  return provider;
}

async function ask(run: StoredRun, { workspaceState }: Context): Promise<Answers | undefined> {
  const owner = workspaceState.get(ownerKey, '');
  const name = run.experiment
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '');
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Publish as which repository?'),
    prompt: vscode.l10n.t('Its card stands beside this. Owner and name, as in the address of its page.'),
    value: owner ? `${owner}/${name.slice(0, 90) || 'adapter'}` : '',
    placeHolder: 'owner/name',
    ignoreFocusOut: true,
    validateInput: (value) => (repoIn(value) ? undefined : vscode.l10n.t('Write it as owner/name.')),
  });
  const repo = text === undefined ? undefined : repoIn(text);
  if (!repo) return undefined;
  const choices = [
    {
      label: `$(lock) ${vscode.l10n.t('Private')}`,
      detail: vscode.l10n.t('For you and those whom you let in.'),
      isPrivate: true,
    },
    { label: `$(globe) ${vscode.l10n.t('Public')}`, detail: vscode.l10n.t('Everybody can read it.'), isPrivate: false },
  ];
  const chosen = await choose(choices, {
    title: vscode.l10n.t('Who may read {0}?', repo),
  });
  if (!chosen) return undefined;
  await workspaceState.update(ownerKey, repo.split('/')[0]);
  return { repo, isPrivate: chosen.isPrivate };
}

const repoIn = (text: string): string | undefined => {
  const id = hubId(text);
  return id && /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/.test(id) ? id : undefined;
};

const shownFiles = 12;

function agree({ repo, isPrivate }: Answers, { files, bytes, notNoted, hubUrl }: PublicationPreview) {
  const question = isPrivate
    ? vscode.l10n.t('Publish on {0} as {1}, privately?', hubUrl, repo)
    : vscode.l10n.t('Publish on {0} as {1}, for everybody to read?', hubUrl, repo);
  const more = files.length - shownFiles;
  const detail = [
    ...(notNoted ? [vscode.l10n.t('Its card says that a licence was not noted: look it up first.')] : []),
    ...files.slice(0, shownFiles).map((file) => `${file.name} (${sizeInWords(file.bytes)})`),
    ...(more > 0 ? [vscode.l10n.t('and {0} more', more)] : []),
    vscode.l10n.t('{0} in all', sizeInWords(bytes)),
  ].join('\n');
  return agreed(question, vscode.l10n.t('Publish'), detail);
}

async function send(folder: string, answers: Answers, sidecar: SidecarService, context: Context): Promise<void> {
  const { secrets } = context;
  let update = false;
  for (;;) {
    const accessToken = (await secrets.get(tokenKey)) ?? (await askToken());
    if (!accessToken) return;
    try {
      const { url } = await working(vscode.l10n.t('Publishing {0}', answers.repo), (report, cancellation) =>
        sidecar.request(
          'hub/publish',
          { folder, ...answers, update, accessToken, token: `publish ${answers.repo}`.slice(0, 100) },
          {
            cancellation,
            onProgress: ({ done, total }) => report(`${sizeInWords(done)} / ${sizeInWords(total)}`),
          },
        ),
      );
      // Kept once it has been of use.
      await secrets.store(tokenKey, accessToken);
      return void told(url);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'publish.exists' && !update) {
        const question = vscode.l10n.t('{0} is there already, and holds something. Add a commit to it?', answers.repo);
        const detail = vscode.l10n.t('What it holds stays in its history.');
        if (!(await agreed(question, vscode.l10n.t('Add a Commit'), detail))) return;
        update = true;
      } else if (code === 'publish.token' || code === 'hub.token') {
        await secrets.delete(tokenKey);
        const again = vscode.l10n.t('Give Another Token');
        if ((await complain(messageOf(error), again)) !== again) return;
      } else throw error;
    }
  }
}

/** What the sidecar says of a fault besides its words. */
const codeOf = (error: unknown): string | undefined =>
  (error as { data?: { problems?: { code?: string }[] } } | undefined)?.data?.problems?.[0]?.code;

async function askToken(): Promise<string | undefined> {
  const token = await vscode.window.showInputBox({
    title: vscode.l10n.t('Token of the Hugging Face hub'),
    prompt: vscode.l10n.t('One that may write, from your settings there. It is kept in the editor’s secret store.'),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) =>
      value === '' || value.trim().startsWith('hf_') ? undefined : vscode.l10n.t('It begins with hf_.'),
  });
  return token?.trim() || undefined;
}

async function told(url: string): Promise<void> {
  const open = vscode.l10n.t('Open Its Page');
  const answer = await inform(vscode.l10n.t('Published: {0}', url), open);
  if (answer === open) await vscode.env.openExternal(vscode.Uri.parse(url));
}

type Act<T> = (report: (message: string) => void, cancellation: vscode.CancellationToken) => Promise<T>;

const working = <T>(title: string, act: Act<T>): Thenable<T> =>
  vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: true },
    (progress, cancellation) => act((message) => progress.report({ message }), cancellation),
  );
