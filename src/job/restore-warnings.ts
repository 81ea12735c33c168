/** What a person should know before a restore begins. */
import type { Context } from './context.ts';
import type { RestorePlan } from './restore-plan.ts';

export const tell = (plan: RestorePlan, { log }: Context): void => {
  for (const id of plan.passedOver) log.warn(`${id} is newer and bad, so it is passed over`);
  if (!plan.verified)
    log.warn(
      `${plan.snapshot} was never verified${plan.newestVerified ? `; the newest verified one is ${plan.newestVerified.id} (latest-verified)` : ''}`,
    );
};
