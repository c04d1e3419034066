/** @file `milore report`: one page for reading, Markdown with pictures, and LaTeX tables; whole or not at all. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeIfPossible, temporaryName, writeFileAtomic } from '../disk.ts';
import { UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import type { PictureBlock } from './document.ts';
import { factsOf } from './facts.ts';
import { toHtml } from './html.ts';
import { toLatex } from './latex.ts';
import { toMarkdown } from './markdown.ts';
import { sectionsOf } from './sections.ts';

export const reportFiles = { html: 'report.html', markdown: 'report.md', latex: 'tables.tex' } as const;

/**
 * Writes the report of a run into a folder of its own; an older report there is replaced. Gives back the files' names.
 * @throws UserError where the run has nothing to tell, or the folder holds anything but a report
 */
export async function writeReport(path: string, out: string): Promise<string[]> {
  const facts = await factsOf(path);
  const blocks = sectionsOf(facts);
  const pictures = blocks.filter((one): one is PictureBlock => one.kind === 'picture');
  const files: Record<string, string> = {
    [reportFiles.html]: toHtml(facts.run.name, blocks),
    [reportFiles.markdown]: toMarkdown(blocks),
    [reportFiles.latex]: toLatex(blocks),
  };
  // A file of its own has no page to take its colour from.
  for (const { name, svg } of pictures) files[`${name}.svg`] = svg.replace('<svg ', '<svg color="#222" ');
  refuseOthers(out);
  const aside = temporaryName(out);
  try {
    makeFolder(aside);
    for (const [name, text] of Object.entries(files)) writeFileAtomic(join(aside, name), text);
    rmSync(out, { recursive: true, force: true });
    renameSync(aside, out);
  } catch (error) {
    removeIfPossible(aside);
    throw diskFault(`write the report ${out}`, error, { path: out });
  }
  return Object.keys(files);
}

/** Only what a report is made of is replaced. */
function refuseOthers(out: string): void {
  if (!existsSync(out)) return;
  const isOurs = (name: string) => Object.values<string>(reportFiles).includes(name) || name.endsWith('.svg');
  let others: string[];
  try {
    others = readdirSync(out).filter((name) => !isOurs(name));
  } catch (error) {
    throw diskFault(`write the report ${out}`, error, { path: out });
  }
  if (others.length === 0) return;
  throw new UserError({
    code: 'report.occupied',
    tried: `write the report into ${out}`,
    why: `it holds other files, such as "${others[0].slice(0, 100)}".`,
    cure: 'Name a folder that is empty or not there yet.',
  });
}
