/** @file A workspace with places to train on, as test/slurm/up.sh has them: one that is open, one that is closed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { warmWorkspace } from './workspace.ts';

export function clusterWorkspace(folder: string, steps: number): string {
  warmWorkspace(folder, steps);
  writeFileSync(
    join(folder, 'milore.clusters.yaml'),
    `# Where this workspace's experiments can be trained.
places:
  group partition: { kind: slurm, partition: short, time: 10 }
  weekend: { kind: slurm, partition: later, time: 2-00, requeue: 20 }
  this workstation: { kind: here, device: cpu }
`,
  );
  return folder;
}
