/** @file A new experiment from what the workspace has: its datasets, its base models. Everything else is a default. */
import * as vscode from 'vscode';
import { datasetsFileName, parseDatasets } from '../../sidecar/config/datasets.ts';
import { languageName } from '../../sidecar/config/iso639.ts';
import { inform } from '../say.ts';

type Listed = ReturnType<typeof parseDatasets>;

export async function newExperiment(): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (!folder) {
    void inform(vscode.l10n.t('Open a folder first: data, experiments and runs are kept in it.'));
    return;
  }
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the experiment'),
    value: 'experiment',
    validateInput: (value) =>
      /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(value)
        ? undefined
        : vscode.l10n.t('Letters, digits, spaces, dots and dashes.'),
  });
  if (!name) return;
  const file = vscode.Uri.joinPath(folder, `${name.trim().replace(/\s+/g, '-')}.milore.yaml`);
  try {
    await vscode.workspace.fs.stat(file);
    await vscode.window.showTextDocument(file);
    return;
  } catch {
    // As it should be: there is none yet.
  }
  const listed = await readListed(folder);
  const fresh = await chooseNew(listed);
  if (!fresh) return;
  await vscode.workspace.fs.writeFile(file, Buffer.from(experimentText(name.trim(), listed, fresh)));
  await vscode.window.showTextDocument(file);
}

async function readListed(folder: vscode.Uri): Promise<Listed> {
  const file = vscode.Uri.joinPath(folder, datasetsFileName);
  const bytes = await Promise.resolve(vscode.workspace.fs.readFile(file)).catch(() => new Uint8Array());
  return parseDatasets(Buffer.from(bytes).toString('utf8'), datasetsFileName);
}

/** Which of the listed datasets are to be learned; the others are replayed. Undefined where the person left. */
async function chooseNew({ datasets }: Listed): Promise<Set<string> | undefined> {
  const names = Object.keys(datasets);
  if (names.length === 0) return new Set();
  const chosen = await vscode.window.showQuickPick(
    names.map((name) => ({
      label: name,
      description: languageName(datasets[name].language) ?? datasets[name].language,
    })),
    {
      title: vscode.l10n.t('Which are new to the base? The others are replayed, so that they are not forgotten.'),
      canPickMany: true,
    },
  );
  return chosen && new Set(chosen.map(({ label }) => label));
}

/** Keys in the order of the schema; comments say what to fill in. */
export function experimentText(name: string, { datasets, models }: Listed, fresh: ReadonlySet<string>): string {
  const model = Object.keys(models)[0];
  const byLanguage = new Map<string, string[]>();
  for (const [dataset, { language }] of Object.entries(datasets))
    byLanguage.set(language, [...(byLanguage.get(language) ?? []), dataset]);
  const lines = [...byLanguage].map(([code, names]) => {
    const role = names.some((dataset) => fresh.has(dataset)) ? 'new' : 'existing';
    const refs = names.map((dataset) => JSON.stringify(`dataset:${dataset}`));
    return `  ${code}: { role: ${role}, data: ${refs.length === 1 ? refs[0] : `[${refs.join(', ')}]`} }`;
  });
  const languages =
    lines.length > 0
      ? lines
      : ['  # yor: { role: new, data: recordings/yoruba }', '  # eng: { role: existing, data: recordings/english }'];
  return `name: ${JSON.stringify(name)}

base:
  model: ${model ? JSON.stringify(`model:${model}`) : 'models/base # a Hugging Face folder of HuBERT, mHuBERT or wav2vec 2.0'}

languages:
${languages.join('\n')}

adapter:
  experts: 4
  rank: 8
  targets: [fc1, fc2]

replay:
  fraction: 0.125

training:
  steps: 1000
  batchSeconds: 40
`;
}
