/** @file `milore jobs`: what was submitted from a workspace, how far it is, stopped and gone on with. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { findJob, type Job, lookAtJobs, resumeJob, stopJob } from '../jobs/jobs.ts';
import { forgetRecord } from '../jobs/record.ts';
import type { JobSeen } from '../jobs/state.ts';
import { printable, table, tell, tellJson, warn } from './output.ts';

const here = () => new Option('--workspace <folder>', 'where .milore/ lies').default('.');
interface Where {
  workspace: string;
}

export function jobs(): Command {
  const all = new Command('jobs').description(
    'What was submitted to Slurm from a workspace: shown, stopped, gone on with.',
  );
  all
    .command('list', { isDefault: true })
    .description('each job, what Slurm says of it, and how far its run is')
    .addOption(here())
    .option('--json', 'one JSON object a line on standard output', false)
    .action(({ workspace, json }: Where & { json: boolean }) => list(resolve(workspace), json));
  all
    .command('stop')
    .description('takes it out of the queue, or has it write a checkpoint and leave')
    .argument('<job>', 'its number')
    .addOption(here())
    .action(async (job: string, { workspace }: Where) => stopJob(await findJob(resolve(workspace), job)));
  all
    .command('resume')
    .description('submits a further job that goes on where this one stopped')
    .argument('<job>', 'its number')
    .addOption(here())
    .action(async (job: string, { workspace }: Where) => {
      const root = resolve(workspace);
      tell(`Submitted as job ${(await resumeJob(root, await findJob(root, job))).job}.`);
    });
  all
    .command('forget')
    .description('takes it off the list; its run and its output stay')
    .argument('<job>', 'its number')
    .addOption(here())
    .action(async (job: string, { workspace }: Where) =>
      forgetRecord(resolve(workspace), (await findJob(resolve(workspace), job)).job),
    );
  return all;
}

async function list(root: string, json: boolean): Promise<void> {
  const { jobs: found, silent } = await lookAtJobs(root);
  if (silent) warn(`Slurm could not be asked: ${printable(silent)} This is told by the runs’ files alone.`);
  const rows = found.flatMap((job) => job.tasks.map((task) => ({ job, task })));
  if (json) {
    for (const { job, task } of rows)
      tellJson({ type: 'job', name: job.name, experiment: job.experiment, place: job.place, ...task });
    return;
  }
  if (rows.length === 0) {
    tell('Nothing was submitted from here.');
    return;
  }
  tell(table([['job', 'name', 'state', 'step'], ...rows.map(inWords)], 3));
}

function inWords({ job: { name }, task }: { job: Job; task: JobSeen }): string[] {
  const { job, state, reason, restarts, nodes, run } = task;
  const about = [reason && `(${reason})`, nodes && `on ${nodes}`, restarts > 0 && `requeued ${restarts}×`].filter(
    Boolean,
  );
  return [job, printable(name), [state, ...about].join(' '), run ? `${run.step}/${run.steps}` : ''];
}
