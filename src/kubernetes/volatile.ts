/** Which keys of Kubernetes do harm, or no good, when an old value is written back into etcd; pure. */
import { type KeyName, resourceName } from './key-name.ts';

/**
 * Why a key should not be put back from a snapshot; null for one that may. What stands here says how the cluster is at
 * this moment, is written by whoever watches over it, and is made anew by it within seconds or minutes.
 */
export const whyVolatile = (name: KeyName): string | null =>
  name.ofServer
    ? 'API servers keep it for themselves and make it anew'
    : (reasons[resourceName(name)] ?? null);

const reasons: Record<string, string> = {
  events: 'an Event tells what happened once, and ends by itself',
  'leases.coordination.k8s.io':
    'a Lease says who is alive and leads now: an old one makes a dead leader lead',
  'leasecandidates.coordination.k8s.io': 'it says who may lead now',
  endpoints: 'Endpoints say where Pods are now: old ones send traffic to where none are',
  'endpointslices.discovery.k8s.io':
    'EndpointSlices say where Pods are now: old ones send traffic to where none are',
  pods: 'a Pod is bound to a node and has an address: its controller makes another',
  'storageversions.internal.apiserver.k8s.io': 'API servers say in it what they write now',
  'volumeattachments.storage.k8s.io': 'it says which node has a volume now',
};
