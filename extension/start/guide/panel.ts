/**
 * @file *New Experiment*: one page that is told everything at every change, and whose choices become a file. It reads what
 * nobody has read yet by itself, since nothing can be proposed without.
 */
import * as vscode from 'vscode';
import { addModel, freeName } from '../../../sidecar/config/datasets-edit.ts';
import { composeGuide, type GuidePlan } from '../../../sidecar/config/guide/plan.ts';
import type { GuideAction, GuideChoice, GuideView, ToGuide } from '../../../sidecar/config/guide/view.ts';
import { pageOf } from '../../dashboard/html.ts';
import { addDatasetFlow } from '../../datasets/add.ts';
import { type Parts, read } from '../../datasets/dataset-commands.ts';
import { addModelFlow, downloadBase, readModel } from '../../datasets/model-commands.ts';
import { sayFault } from '../../fault.ts';
import { languageName, speak } from '../../language-name.ts';
import { experimentText } from './experiment-text.ts';
import { gather, inFolder, isRead } from './input.ts';
import { isFromGuide } from './messages.ts';

export const guideType = 'milore.guide';
/** As webview/controls.ts tells: the one style element that the toolkit puts into the page. */
const styleHashes = ['sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='];

speak(vscode.l10n.bundle && vscode.env.language);

let current: Guide | undefined;

export function openGuide(context: vscode.ExtensionContext, parts: Parts): void {
  if (current) {
    current.reveal();
    return;
  }
  const panel = vscode.window.createWebviewPanel(guideType, vscode.l10n.t('New Experiment'), vscode.ViewColumn.Active, {
    retainContextWhenHidden: false,
  });
  current = new Guide(context, parts, panel);
  panel.onDidDispose(() => {
    current?.dispose();
    current = undefined;
  });
}

class Guide implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #parts: Parts;
  readonly #panel: vscode.WebviewPanel;
  readonly #disposables: vscode.Disposable[];
  /** Of the first folder: its list, its runs. */
  readonly #folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  /** Folders that were read for this page, so that one that cannot be read is not tried for ever. */
  readonly #tried = new Set<string>();
  #choice: GuideChoice = { roles: {} };
  #busy: GuideView['busy'];
  #last: { view: GuideView; plan: GuidePlan } | undefined;
  /** A composition asks the disk: of several at once the last counts. */
  #turn = 0;

  constructor(context: vscode.ExtensionContext, parts: Parts, panel: vscode.WebviewPanel) {
    this.#context = context;
    this.#parts = parts;
    this.#panel = panel;
    const dist = vscode.Uri.joinPath(context.extensionUri, 'dist');
    const icon = (name: string) => vscode.Uri.joinPath(context.extensionUri, 'extension', 'media', name);
    panel.iconPath = { light: icon('file-light.svg'), dark: icon('file-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist], enableCommandUris: false };
    const file = (name: string) => panel.webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    this.#disposables = [
      panel.webview.onDidReceiveMessage((message: unknown) => this.#hear(message)),
      parts.data.onChange(() => void this.#update()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#update()),
    ];
    panel.webview.html = pageOf({
      script: file('guide.js'),
      style: file('guide.css'),
      cspSource: panel.webview.cspSource,
      styleHashes,
      title: vscode.l10n.t('New Experiment'),
      language: vscode.env.language,
    });
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    for (const one of this.#disposables) one.dispose();
  }

  #say(message: ToGuide): void {
    void this.#panel.webview.postMessage(message);
  }

  #hear(message: unknown): void {
    if (!isFromGuide(message)) return;
    if (message.type === 'ready') {
      this.#say({ type: 'hello', words: { ...vscode.l10n.bundle }, language: vscode.env.language });
      void this.#update();
    } else if (message.type === 'choose') {
      this.#choice = message.choice;
      void this.#update();
    } else if (message.type === 'act') void this.#act(message.action).catch((error) => void sayFault(error));
    else void sayFault(new Error(message.message));
  }

  async #update(): Promise<void> {
    const turn = ++this.#turn;
    const input = await gather(this.#parts.data, this.#folder);
    if (turn !== this.#turn) return;
    const { view, plan } = composeGuide({ ...input, ...(this.#busy ? { busy: this.#busy } : {}) }, this.#choice);
    this.#last = { view: spelled(view), plan };
    this.#say({ type: 'view', view: this.#last.view });
    void this.#readOne();
  }

  /** One after the other; each ends with a change, which calls for the next. */
  async #readOne(): Promise<void> {
    if (!this.#folder || !vscode.workspace.isTrusted) return;
    const { data } = this.#parts;
    const datasets = inFolder(data.datasets, this.#folder);
    const models = inFolder(data.models, this.#folder);
    if (datasets.some(({ busy }) => busy !== undefined) || models.some(({ busy }) => busy !== undefined)) return;
    const model = models.find(({ facts, uri }) => facts?.heads === undefined && !this.#tried.has(uri.toString()));
    const dataset = datasets.find((one) => !isRead(one) && !this.#tried.has(one.uri.toString()));
    try {
      if (model) {
        this.#tried.add(model.uri.toString());
        await readModel(this.#parts, model.name, model.uri);
      } else if (dataset) {
        this.#tried.add(dataset.uri.toString());
        await read(this.#parts, dataset);
      }
    } catch (error) {
      void sayFault(error);
    }
  }

  async #act(action: GuideAction): Promise<void> {
    switch (action) {
      case 'openFolder':
        return void (await vscode.commands.executeCommand('vscode.openFolder'));
      case 'openSample':
        return void (await vscode.commands.executeCommand('milore.openSample'));
      case 'addDataset':
        return addDatasetFlow(this.#parts);
      case 'addBase':
        return this.#addBase();
      case 'sampleBase':
        return this.#takeSampleBase();
      case 'download':
        return this.#download();
      case 'create':
      case 'train':
        return this.#write(action === 'train');
    }
  }

  /** What was added is what is meant. */
  async #addBase(): Promise<void> {
    const { data } = this.#parts;
    const before = new Set(data.models.map(({ name }) => name));
    await addModelFlow(this.#parts);
    const added = data.models.find(({ name }) => !before.has(name));
    if (added) this.#choose({ base: `model:${added.name}`, head: undefined });
  }

  /** A copy, so that the experiment needs nothing of the extension's own folder. */
  async #takeSampleBase(): Promise<void> {
    const folder = this.#folder;
    if (!folder) return;
    const { data } = this.#parts;
    const list = vscode.Uri.joinPath(folder, 'milore.datasets.yaml');
    const name = freeName('sample-base', Object.keys((await data.lists.read(list)).models));
    const from = vscode.Uri.joinPath(this.#context.extensionUri, 'extension', 'sample', 'base');
    const target = vscode.Uri.joinPath(folder, 'models', name);
    await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(folder, 'models'));
    await vscode.workspace.fs.copy(from, target, { overwrite: false });
    await data.lists.edit(list, (text) => addModel(text, name, { path: `models/${name}` }));
    this.#choose({ base: `model:${name}`, head: undefined });
  }

  async #download(): Promise<void> {
    const key = this.#last?.view.base;
    if (!this.#folder || !key?.startsWith('hub:')) return;
    const id = key.slice('hub:'.length);
    this.#setBusy({ what: vscode.l10n.t('Downloading {0}', id) });
    try {
      const name = await downloadBase(this.#parts, this.#folder, id, 'main');
      if (name) this.#choose({ base: `model:${name}`, head: undefined });
    } finally {
      this.#setBusy(undefined);
    }
  }

  async #write(train: boolean): Promise<void> {
    await this.#update();
    const { view, plan } = this.#last ?? {};
    const folder = this.#folder;
    if (!view || !plan || !folder || view.missing.length > 0) return;
    const model = inFolder(this.#parts.data.models, folder).find(({ name }) => `model:${name}` === plan.base.key);
    const text = experimentText(plan, view, vscode.l10n, {
      locale: vscode.env.language,
      locate: (file) =>
        pathIn(folder, model ? vscode.Uri.joinPath(model.uri, file) : vscode.Uri.joinPath(folder, file)),
    });
    const file = vscode.Uri.joinPath(folder, `${plan.name.trim().replace(/\s+/g, '-')}.milore.yaml`);
    await vscode.workspace.fs.writeFile(file, Buffer.from(text));
    this.#panel.dispose();
    await vscode.window.showTextDocument(file);
    if (train) await vscode.commands.executeCommand('milore.train', file);
  }

  #choose(more: Partial<GuideChoice>): void {
    this.#choice = { ...this.#choice, ...more };
    void this.#update();
  }

  #setBusy(busy: GuideView['busy']): void {
    this.#busy = busy;
    void this.#update();
  }
}

/** Relative where it lies in the folder of the experiment. */
function pathIn(folder: vscode.Uri, file: vscode.Uri): string {
  const below = `${folder.fsPath}/`;
  const path = file.fsPath.replaceAll('\\', '/');
  return path.startsWith(below.replaceAll('\\', '/')) ? path.slice(below.length) : path;
}

/** The same with languages as they are called in the editor's language. */
const spelled = (view: GuideView): GuideView => ({
  ...view,
  languages: view.languages.map((one) => ({ ...one, name: languageName(one.code) ?? one.name })),
  bases: view.bases.map((base) => {
    const { languages } = base;
    if (typeof languages !== 'object') return base;
    return { ...base, languages: { ...languages, name: languageName(languages.code) ?? languages.name } };
  }),
});
