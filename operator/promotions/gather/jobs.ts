import { Job, Pod, type Client } from '../../kube/index.ts';
import type { LiveJob } from '../decide/index.ts';
import { jobsOf } from '../decide/plan/index.ts';
import type { Promotion } from '../../api/index.ts';

/** The Jobs of a promotion, and what runs of them: live, where they may be there at all. */
export async function readJobs(
  client: Pick<Client, 'find' | 'list'>,
  promotion: Promotion,
  signal: AbortSignal,
): Promise<readonly LiveJob[]> {
  const { namespace = '' } = promotion.metadata;
  return Promise.all(
    jobsOf(promotion).map(async (wanted): Promise<LiveJob> => {
      const live = await client.find(Job, { namespace, name: wanted.job }, { signal });
      if (live === undefined) return wanted;
      const labelSelector = `batch.kubernetes.io/job-name=${wanted.job}`;
      return { ...wanted, live, pods: (await client.list(Pod, { namespace, labelSelector, signal })).items };
    }),
  );
}
