/** @file What is interrupted: each scenario begins with a prepared workspace, does one thing, and is gone on with as a
 * person would. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { command, type Ended, type Fault, job } from './processes.ts';
import { makeWorkspace, type Workspace } from './workspace.ts';

export interface Scenario {
  name: string;
  /** Makes the workspace that every trial begins with a copy of. */
  prepare(data: string): Promise<Workspace>;
  act(workspace: Workspace, fault?: Fault): Promise<Ended>;
  /** The same again, or the run that was begun. */
  goOn(workspace: Workspace): Promise<Ended>;
  /** The run or folder whose adapter counts. */
  result(workspace: Workspace): string;
  /** Whatever stands at the result's place is whole, also between the fault and going on. */
  isWhole?: boolean;
}

export const runsOf = ({ root }: Pick<Workspace, 'root'>): string[] => {
  const folder = join(root, '.milore', 'runs');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.sort().map((name) => join(folder, name));
};

/** A copy in a folder of its own. */
export function copyOf({ root, experiment, data }: Workspace, parent = tmpdir()): Workspace {
  const copy = mkdtempSync(join(parent, 'milore-faults-'));
  cpSync(root, copy, { recursive: true, preserveTimestamps: true });
  return { root: copy, experiment: join(copy, basename(experiment)), data };
}

export const remove = ({ root }: Workspace) => rmSync(root, { recursive: true, force: true });

async function must(ended: Promise<Ended>): Promise<void> {
  const { ended: how, text } = await ended;
  if (how !== 'done') throw new Error(`the preparation of a scenario ended ${how}: ${text}`);
}

const train = (workspace: Workspace, fault?: Fault) => command(['train', workspace.experiment], fault);
const resume = (run: string, fault?: Fault) => command(['train', '--resume', run], fault);
const exported = ({ root }: Workspace) => join(root, 'exported');
const exportTo = (workspace: Workspace, fault?: Fault) =>
  command(['export', runsOf(workspace)[0], '--out', exported(workspace)], fault);
const only = (workspace: Workspace) => runsOf(workspace)[0];

async function trained(data: string): Promise<Workspace> {
  const workspace = makeWorkspace(data);
  await must(train(workspace));
  return workspace;
}

/** Killed amid its second checkpoint, so that there is one to go on from and something to sweep. */
async function interrupted(data: string): Promise<Workspace> {
  const workspace = makeWorkspace(data);
  const folder = 'checkpoints/step-000002';
  const ended = await train(workspace, { root: workspace.root, how: 'torn', at: 1, only: `${folder}.*state` });
  if (ended.ended !== 'killed') throw new Error(`was not killed: ${ended.text}`);
  return workspace;
}

const forkOf = ({ root, experiment }: Workspace, source: string, fault?: Fault) =>
  job('train', { experiment, overrides: ['seed=5'], from: { path: source } }, root, fault);

/** Of a first run and its fork the second, where it was begun. */
const goOnWithFork = (workspace: Workspace) => {
  const [source, fork] = runsOf(workspace);
  return fork ? resume(fork) : forkOf(workspace, source);
};

export const scenarios: Scenario[] = [
  {
    name: 'train',
    prepare: async (data) => makeWorkspace(data),
    act: train,
    goOn: (workspace) => (only(workspace) ? resume(only(workspace)) : train(workspace)),
    result: only,
  },
  {
    name: 'resume',
    prepare: interrupted,
    act: (workspace, fault) => resume(only(workspace), fault),
    goOn: (workspace) => resume(only(workspace)),
    result: only,
  },
  {
    name: 'fork',
    prepare: trained,
    act: (workspace, fault) => forkOf(workspace, only(workspace), fault),
    goOn: goOnWithFork,
    result: (workspace) => runsOf(workspace)[1],
  },
  { name: 'export', prepare: trained, act: exportTo, goOn: exportTo, result: exported, isWhole: true },
  {
    name: 'export again',
    prepare: async (data) => {
      const workspace = await trained(data);
      await must(exportTo(workspace));
      return workspace;
    },
    act: exportTo,
    goOn: exportTo,
    result: exported,
    isWhole: true,
  },
];
