/** What every call carries, whichever client makes it: the login, and an end when the signal aborts. */
import { InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';

/** Goes into the `interceptors` of a call's options, of our own gRPC client and of etcd3 alike. */
export const interceptor =
  (token: string | null, signal: AbortSignal): Interceptor =>
  (options, nextCall) => {
    const call = nextCall(options);
    const cancel = () => call.cancelWithStatus(status.CANCELLED, 'the caller gave up');
    return new InterceptingCall(call, {
      start: (metadata, _, next) => {
        if (token !== null) metadata.set('token', token);
        signal.addEventListener('abort', cancel, { once: true });
        next(metadata, {
          onReceiveStatus: (received, pass) => {
            signal.removeEventListener('abort', cancel);
            pass({ ...received, details: received.details.replace(foreverInEtcd3, 'the login has ended') });
          },
        });
        if (signal.aborted) cancel();
      },
    });
  };

// etcd3 repeats a call that is refused with these words at once and for ever, each time with the same token.
const foreverInEtcd3 = 'etcdserver: invalid auth token';
