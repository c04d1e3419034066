/** @file `milore publish`: a run, or a folder that was exported, as a repository of the Hugging Face hub, once a person has seen its card. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../errors.ts';
import { exportRun } from '../export/index.ts';
import { hubAddress } from '../hub/address.ts';
import { type Publication, publicationOf } from '../hub/publication.ts';
import { publish, repoName } from '../hub/publish.ts';
import { sizeInWords } from '../machine.ts';
import { type ExportForm, exportForms } from '../protocol/forms.ts';
import { runFiles } from '../runs/run.ts';
import { printable, tell, tellJson, warn } from './output.ts';

interface Options {
  repo: string;
  private: boolean;
  update: boolean;
  as: ExportForm;
  yes: boolean;
  json: boolean;
}

export const publishCommand = () =>
  new Command('publish')
    .description('Publish what a run trained, or a folder that was exported, on the Hugging Face hub.')
    .argument('<run or folder>', 'a finished run, which is exported first, or the folder of an export')
    .requiredOption('--repo <owner/name>', 'the repository; it is made where it is not there', repository)
    .option('--private', 'make it for yourself and those whom you let in', false)
    .option('--update', 'a further commit, where the repository holds something already', false)
    .addOption(
      new Option('--as <form>', 'of a run: the form, as of milore export').choices(exportForms).default('adapter'),
    )
    .option('--yes', 'do not ask: the card has been seen', false)
    .option('--json', 'JSON on standard output', false)
    .action(async (what: string, options: Options) => {
      const path = resolve(what);
      const isRun = existsSync(join(path, runFiles.info));
      const scratch = isRun ? mkdtempSync(join(tmpdir(), 'milore-publish-')) : undefined;
      const stop = new AbortController();
      const interrupted = () => stop.abort(stopped(options.repo));
      process.once('SIGINT', interrupted);
      try {
        const folder = scratch ? join(scratch, 'export') : path;
        if (scratch) await exportRun(path, folder, { as: options.as });
        await publishFolder(publicationOf(folder), options, stop.signal);
      } finally {
        process.off('SIGINT', interrupted);
        if (scratch) rmSync(scratch, { recursive: true, force: true });
      }
    });

async function publishFolder(given: Publication, options: Options, signal: AbortSignal): Promise<void> {
  const { repo, update, yes, json } = options;
  if (!yes) await agree(given, options);
  const live = process.stderr.isTTY === true && !json;
  const progress = (done: number, total: number) => {
    if (live) process.stderr.write(`\r\x1b[2K${sizeInWords(done)} of ${sizeInWords(total)}`);
  };
  const published = await publish(given, { repo, isPrivate: options.private, update }, { signal, progress }).finally(
    () => live && process.stderr.write('\r\x1b[2K'),
  );
  if (json) tellJson(published);
  else tell(`Published: ${published.url} (commit ${published.commit.slice(0, 12)})`);
}

/** Everything that would be seen, before anything is. @throws UserError where nobody can be asked, or says no */
async function agree({ card, files, bytes, notNoted }: Publication, { repo, private: hidden }: Options): Promise<void> {
  warn(card);
  warn(`---\nTo ${hubAddress()}/${repo}, ${hidden ? 'private' : 'for everybody to read'}:`);
  for (const file of files) warn(`  ${printable(file.name)}  ${sizeInWords(file.bytes)}`);
  warn(`${sizeInWords(bytes)} in all.`);
  if (notNoted) warn('Its card says that a licence was not noted: look it up first.');
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError({
      code: 'publish.unseen',
      tried: `publish as ${repo}`,
      why: 'nobody can be asked here whether the card is right.',
      cure: 'Read it above, then say --yes.',
    });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D say no.
  const left = new Promise<string>((done) => asking.once('close', () => done('')));
  const answer = await Promise.race([asking.question('Publish it? [y/N] '), left]).finally(() => asking.close());
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new UserError({
      code: 'publish.declined',
      tried: `publish as ${repo}`,
      why: 'you said no.',
      cure: 'Nothing was sent.',
    });
}

const stopped = (repo: string) =>
  new UserError({
    code: 'publish.stopped',
    tried: `publish as ${repo}`,
    why: 'you stopped it.',
    cure: 'Nothing of it can be seen there, unless the last step was on its way.',
  });

function repository(text: string): string {
  if (!repoName.test(text)) throw new InvalidArgumentError('Write it as owner/name.');
  return text;
}
