package ccproxy.claude;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A request on its way to the upstream, sent when its answer is first waited for. One thread
/// waits; any thread may cancel.
///
/// ```
/// ──kept connection──▶ written ──head──▶ body ──end──▶ the connection is kept
///  └─no─▶ opening ──▶───┘ └─ a kept one closed before a byte of an answer: once more, anew
/// ```
final class Sending {
    /// What is written at once, together with the head: it fits the socket's buffer. A larger
    /// request has a thread of its own, so that an answer that comes early (401, 413) is heard.
    private static final int SMALL_BYTES_MAX = 32 << 10;

    /// No connection in time.
    static final class ConnectTimeoutException extends IOException {
        private static final long serialVersionUID = 1;
    }

    private final Upstream upstream;

    /// The request; let go when its answer begins: a stream of minutes must not hold megabytes.
    private byte[] head;

    private byte[] body;
    private FutureTask<HttpConnection> opening;
    private HttpConnection connection;
    private ResponseHead.Reader reader;
    private ResponseBody answer;
    private boolean isKept;
    private boolean isSentAgain;

    /// The connection as long as it is ours; guarded by this, like what follows.
    private HttpConnection held;

    /// Where a large request is not yet written to its end; null when there is none.
    private HttpConnection writing;

    private boolean isCancelled;

    Sending(Upstream upstream, byte[] head, byte[] body) {
        this.upstream = upstream;
        this.head = head;
        this.body = body;
    }

    /// {@return the upstream's status and headers}
    ///
    /// @param until on the clock of [System#nanoTime()]
    /// @throws SocketTimeoutException when they are not there by then; wait again
    ResponseHead await(long until) throws InterruptedException, IOException {
        for (; ; ) {
            try {
                if (reader == null) send(until);
                connection.readUntil(until);
                ResponseHead found = reader.read();
                head = new byte[0];
                body = head;
                long length = found.bodyLength();
                // Whoever may not say more may still listen, and act on what it hears.
                boolean servesOn = found.isKept() && length != ResponseHead.UNTIL_CLOSE;
                answer = new ResponseBody(connection, length, () -> release(servesOn));
                return found;
            } catch (SocketTimeoutException e) {
                throw e;
            } catch (IOException e) {
                if (!isWorthSendingAgain()) throw e;
                upstream.close(connection);
                connection = null;
                isSentAgain = true;
                reader = null;
            }
        }
    }

    private void send(long until) throws InterruptedException, IOException {
        HttpConnection kept = isSentAgain || opening != null ? null : upstream.kept();
        isKept = kept != null;
        if (isKept) hold(kept);
        connection = isKept ? kept : opened(until);
        reader = new ResponseHead.Reader(connection);
        write();
    }

    /// Opening takes a thread of its own, because looking up a name or a handshake cannot be waited
    /// for in parts.
    private HttpConnection opened(long until) throws InterruptedException, IOException {
        if (opening == null) {
            var next = new HttpConnection();
            hold(next);
            opening =
                    new FutureTask<>(() -> {
                        upstream.open(next);
                        return next;
                    });
            Thread.ofVirtual().name("upstream-open").start(opening);
        }
        try {
            return opening.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            throw new SocketTimeoutException();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SocketTimeoutException) throw new ConnectTimeoutException();
            throw new IOException(e.getCause());
        }
    }

    private void write() throws IOException {
        if (body.length > SMALL_BYTES_MAX) {
            HttpConnection target = connection;
            byte[][] parts = {head, body};
            writing(target);
            Thread.ofVirtual().name("upstream-write").start(() -> writeLarge(target, parts));
            return;
        }
        byte[] all = new byte[head.length + body.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        connection.write(all);
    }

    private synchronized void writing(HttpConnection target) {
        writing = target;
    }

    /// Writes to the connection that it began with, whatever others the request goes to by now.
    private void writeLarge(HttpConnection target, byte[][] parts) {
        try {
            for (byte[] part : parts) target.write(part);
            written(target);
        } catch (IOException _) {
            // Whoever reads finds an answer that came early, or the same failure.
        }
    }

    private synchronized void written(HttpConnection target) {
        if (writing == target) writing = null;
    }

    /// {@return whether it has gone out to its end}
    synchronized boolean isWritten() {
        return writing == null;
    }

    /// An upstream may close a kept connection just as we write to it. Then nothing was read of an
    /// answer, and the request goes out once more, on a new connection; one that was new has
    /// failed.
    private synchronized boolean isWorthSendingAgain() {
        return isKept && !isSentAgain && !isCancelled && !connection.hasRead();
    }

    private synchronized void hold(HttpConnection next) throws IOException {
        if (isCancelled) {
            upstream.close(next);
            throw new IOException("closed");
        }
        held = next;
    }

    /// Gives the connection back at the end of the answer, if another may follow: not with bytes on
    /// it that no request has asked for, or with a request that it has not heard to its end.
    private synchronized void release(boolean servesOn) {
        held = null;
        boolean isClean = servesOn && isWritten() && connection.buffered() == 0;
        if (isClean && !isCancelled) upstream.keep(connection);
        else upstream.close(connection);
    }

    /// {@return whether there was a connection to send it over}
    boolean isConnected() {
        return connection != null;
    }

    /// {@return why a request failed, in words that may be shown}: what the JDK wraps, and names
    /// its classes around, is at the bottom
    static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) cause = cause.getCause();
        String said = cause.getMessage();
        return said == null || said.isEmpty() ? "the connection failed" : said;
    }

    /// {@return the answer's body, once its head is there}
    ResponseBody body() {
        return answer;
    }

    /// Sets until when reads of the body may wait, together. Once all of it was read the connection
    /// may already be another request's, whose waits are not ours to set.
    synchronized void readUntil(long until) {
        if (held != null) connection.readUntil(until);
    }

    /// Ends the request and its connection, unless all of the answer was read.
    synchronized void cancel() {
        isCancelled = true;
        if (held != null) upstream.close(held);
    }
}
