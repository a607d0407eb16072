// The one failure that a backtest expects: a forecast that cannot be made from what was known at its origin.

/**
 * Thrown by a forecast function whose history is too short, or has a hole where it may not have one.
 * `backtest` counts the origin as skipped, with this message; any other error ends the backtest.
 */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}
