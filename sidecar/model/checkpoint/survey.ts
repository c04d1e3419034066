/**
 * @file What a base model on disk holds, from its configuration and its tensors' names and shapes; no weight is read.
 * What `loadBase` would refuse is listed here instead.
 */

import type { BaseConfig } from '../../architecture/config.ts';
import { shapesOf } from '../../architecture/registry.ts';
import { UserError } from '../../errors.ts';
import { openBase } from './base.ts';
import { matchTensors } from './match.ts';

export interface BaseSurvey {
  config: BaseConfig;
  modelType: string;
  /** Of the encoder, where it is whole. */
  parameters: number;
  /** The file that brings the weights. */
  source: string;
  hasHead: boolean;
  missing: string[];
  unexpected: string[];
  /** In words. */
  misshapen: string[];
  /** Tensors that belong to no encoder, by the file's names. */
  ignored: string[];
  notes: string[];
}

/** @throws UserError where the folder is no model of a kind that is known here. */
export function surveyBase(where: string): BaseSurvey {
  const { tensors, config, modelType, maskIsOptional, notes, head } = openBase(where);
  try {
    const { byName, missing, unexpected, misshapen, twice, ignored } = matchTensors(tensors, config, maskIsOptional);
    const embedding = 'masked_spec_embed';
    const absent = maskIsOptional && !byName.has(embedding);
    if (absent) notes.push(`The checkpoint brings no ${embedding}: masked training has to start one anew.`);
    let parameters = absent ? -config.hidden : 0;
    for (const shape of shapesOf(config).values()) parameters += shape.reduce((a, b) => a * b, 1);
    const hasHead = headIn(head, notes);
    const { path: source } = tensors;
    notes.push(...twice);
    return { config, modelType, parameters, source, hasHead, missing, unexpected, misshapen, ignored, notes };
  } finally {
    tensors.close();
  }
}

/** Whether a head lies with the weights; one that does not fit is told, not thrown. */
function headIn(read: () => unknown, notes: string[]): boolean {
  try {
    return read() !== undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    notes.push(error.message);
    return false;
  }
}
