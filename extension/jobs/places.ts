/** @file Where an experiment shall be trained: the places of milore.clusters.yaml, chosen by a person. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ClusterPlace } from '../../sidecar/config/clusters.ts';
import { choose } from '../choose.ts';
import { Fault } from '../fault.ts';
import { pickable } from '../text.ts';

export type Chosen =
  | { kind: 'slurm'; name: string }
  /** This machine: with this device, or with one to be chosen. */
  | { kind: 'here'; device?: string };

/** Kept out of what is loaded with the window: the schema is large. */
const clusters = () => import('../../sidecar/config/clusters.ts');

/** Undefined where the person left; this machine where the workspace names no other place. */
export async function choosePlace(workspace: string | undefined): Promise<Chosen | undefined> {
  const places = workspace === undefined ? {} : await placesOf(workspace);
  if (Object.keys(places).length === 0) return { kind: 'here' };
  const named = Object.entries(places).map(([name, place]) => ({
    label: `${place.kind === 'slurm' ? '$(server)' : '$(vm)'} ${pickable(name)}`,
    description: describe(place),
    chosen: (place.kind === 'slurm'
      ? { kind: 'slurm', name }
      : { kind: 'here', device: place.device ?? 'auto' }) as Chosen,
  }));
  const here = {
    label: `$(vm) ${vscode.l10n.t('This Machine…')}`,
    description: vscode.l10n.t('choose the device'),
    chosen: { kind: 'here' } as Chosen,
  };
  const picked = await choose([...named, here], { title: vscode.l10n.t('Train where?') });
  return picked?.chosen;
}

async function placesOf(workspace: string): Promise<Record<string, ClusterPlace>> {
  const { clustersFileName, parseClusters } = await clusters();
  const file = join(workspace, clustersFileName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  const { clusters: found, problems } = parseClusters(text, clustersFileName);
  if (problems.length === 0) return found;
  throw new Fault(vscode.l10n.t('{0} has faults: {1}', clustersFileName, problems[0].why), {
    title: vscode.l10n.t('Show'),
    command: 'vscode.open',
    arguments: [vscode.Uri.file(file)],
  });
}

const describe = ({ kind, partition, gpus, time, ranks, device }: ClusterPlace): string =>
  [
    kind,
    partition,
    gpus !== undefined ? vscode.l10n.t('GPUs: {0}', gpus) : '',
    ranks !== undefined && ranks > 1 ? vscode.l10n.t('{0} ranks', ranks) : '',
    time,
    device,
  ]
    .filter(Boolean)
    .join(' · ');
