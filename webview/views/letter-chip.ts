/** @file The letter that stands for one of several runs, in its colour. */
import { letterOf } from '../context.ts';
import { h } from '../dom.ts';

export function letterChip(index: number, colour: string): HTMLElement {
  return h('span', { class: 'letter', style: { 'border-color': colour } }, letterOf(index));
}
