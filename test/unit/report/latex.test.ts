import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { columnsOf, inLatex } from '../../../sidecar/protocol/latex.ts';
import { toLatex } from '../../../sidecar/report/latex.ts';
import { readLatex } from '../../support/latex.ts';

const head = ['after', 'fin', 'vie', 'eng', 'deu', 'spa', 'average', 'backward transfer'];
const row = ['1: + fin', ...Array(5).fill('3.85 (3.78 to 3.92)'), '3.91', '−0.04'];
const hostile = '\\input{/etc/passwd} & 50 % of $x^2$ #1 {~}_ <>" – × ’';
const blocks = [
  { kind: 'table', name: 'loss', caption: hostile, words: 1, head, rows: [row, ['[x]', ...row.slice(1)]] },
  { kind: 'table', name: 'small', caption: 'Small.', words: 1, head: ['a', 'b'], rows: [[hostile.slice(0, 30), '1']] },
] as const;
const pdflatex = (() => {
  try {
    return execFileSync('pdflatex', ['-version']).length > 0;
  } catch {
    return false;
  }
})();

describe('tables in LaTeX', () => {
  it('escape what would be a command, or the length after a line', () => {
    expect(inLatex('a_b & 50 % of $x^2$ #1 {~} \\x <>"')).toBe(
      'a\\_b \\& 50 \\% of \\$x\\textasciicircum{}2\\$ \\#1 \\{\\textasciitilde{}\\} \\textbackslash{}x \\textless{}\\textgreater{}\\textquotedbl{}',
    );
    expect(inLatex('−0.01 ± 0.02\n[x]')).toBe('\\ensuremath{-}0.01 \\ensuremath{\\pm} 0.02 [x]');
    expect(inLatex('[x] · y')).toBe('{}[x] \\ensuremath{\\cdot} y');
  });

  it('stay on the page: cells that are too wide go on in their next line', () => {
    expect(columnsOf([['a', '1']], [false, true])).toEqual({ columns: 'lr', wraps: false });
    const { columns, wraps } = columnsOf([head, row], [false, ...Array(7).fill(true)]);
    expect(wraps).toBe(true);
    const shares = [...columns.matchAll(/p\{([\d.]+)\\linewidth\}/g)].map(([, share]) => Number(share));
    expect(shares).toHaveLength(8);
    expect(shares.reduce((a, b) => a + b, 0)).toBeLessThan(0.92);
    expect(readLatex(toLatex(blocks)).map(({ rows }) => rows.map((cells) => cells.length))).toEqual([
      [8, 8, 8],
      [2, 2],
    ]);
  });

  it.skipIf(!pdflatex)(
    `compile, none wider than the page${pdflatex ? '' : ' (not run: there is no pdflatex)'}`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'milore-latex-'));
      try {
        const preamble =
          '\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{array,booktabs}\\begin{document}';
        writeFileSync(join(folder, 't.tex'), `${preamble}\n${toLatex(blocks)}\n\\end{document}\n`);
        execFileSync('pdflatex', ['-draftmode', '-interaction=nonstopmode', '-halt-on-error', 't.tex'], {
          cwd: folder,
          stdio: 'ignore',
        });
        const wide = readFileSync(join(folder, 't.log'), 'latin1').match(/Overfull \\hbox \((\d+)/g) ?? [];
        expect(wide.filter((one) => Number(/\d+/.exec(one)) > 5)).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    60_000,
  );
});
