/** @file The rules of losses that the guide shares with the alarms: config may not know the protocol, a test holds them alike. */

/** Share of the clips that may be left out as too short before it is told. */
export const LOSS_SHARE = 0.05;
/** `audio.minSeconds` where an experiment says nothing. */
export const DEFAULT_MIN_SECONDS = 0.5;
/** What `audio.joinSeconds` is proposed to be. */
export const JOIN_SECONDS = 5;
