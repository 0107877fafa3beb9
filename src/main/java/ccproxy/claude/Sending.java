package ccproxy.claude;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A request on its way to the upstream, sent when its answer is first waited for. One thread
/// waits; any thread may cancel.
final class Sending {
    /// Sends the request; the answer's body goes into `body`.
    interface Send {
        CompletableFuture<HttpResponse<BodyStream>> into(BodyStream body);
    }

    private final Send send;
    private BodyStream body;
    private CompletableFuture<HttpResponse<BodyStream>> running;
    private boolean isSentAgain;
    private boolean isCancelled;

    Sending(Send send) {
        this.send = send;
    }

    /// {@return the upstream's status and headers}
    ///
    /// @param until on the clock of [System#nanoTime()]
    /// @throws SocketTimeoutException when they are not there by then; wait again
    /// @throws ccproxy.wire.ApiException when the request cannot be sent
    HttpResponse<BodyStream> await(long until) throws InterruptedException, IOException {
        if (running == null) start();
        try {
            return running.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            throw new SocketTimeoutException();
        } catch (CancellationException _) {
            throw new IOException("closed");
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof IOException cause)) {
                if (isCancelled()) throw new IOException("closed", e);
                throw new IllegalStateException(e.getCause());
            }
            if (!isWorthSendingAgain(cause)) throw cause;
            isSentAgain = true;
            start();
            return await(until);
        }
    }

    private synchronized void start() throws IOException {
        if (isCancelled) throw new IOException("closed");
        body = new BodyStream();
        running = send.into(body);
    }

    private synchronized boolean isCancelled() {
        return isCancelled;
    }

    /// An upstream may close a kept connection just as we write to it; then nothing was read of an
    /// answer and the request goes out once more, on a new connection. The HTTP client's message is
    /// the only sign of that.
    private boolean isWorthSendingAgain(IOException e) {
        if (isSentAgain || isCancelled() || e instanceof HttpConnectTimeoutException) return false;
        return String.valueOf(e.getMessage()).contains("received no bytes");
    }

    /// Ends the request and its connection, whatever has come of the answer.
    synchronized void cancel() {
        isCancelled = true;
        if (running == null) return;
        // Both: the body may have been handed over just before its future could be cancelled.
        running.cancel(true);
        body.close();
    }
}
