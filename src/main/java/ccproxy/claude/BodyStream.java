package ccproxy.claude;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// An upstream's body as a blocking stream whose reads end in time, like a socket's: from the
/// moment of [#readUntil] on a read throws [SocketTimeoutException], and nothing is lost. The HTTP
/// client hands over one list of buffers at a time and gets asked for the next when it is read up,
/// so an unread body holds back the upstream.
final class BodyStream extends InputStream implements HttpResponse.BodySubscriber<BodyStream> {
    private static final int READ_BYTES = 16 << 10;

    private sealed interface Item {
        record Buffers(List<ByteBuffer> buffers) implements Item {}

        record End(Throwable error) implements Item {}
    }

    /// Never holds more than what was asked for (one), an end and a close.
    private final LinkedBlockingQueue<Item> items = new LinkedBlockingQueue<>();

    private final CompletableFuture<BodyStream> body = CompletableFuture.completedFuture(this);
    private volatile Flow.Subscription subscription;
    private volatile boolean isClosed;
    private List<ByteBuffer> current = List.of();
    private int at;
    private boolean isEnded;
    private long until;
    private boolean hasReadSince;
    private boolean hasRead;
    private long lastReadNanos;

    /// Sets until when reads may wait, together: bytes that never make an event (comments) must not
    /// hold the reader for ever. What is there already is always given, once.
    ///
    /// @param until on the clock of [System#nanoTime()]
    void readUntil(long until) {
        this.until = until;
        hasReadSince = false;
    }

    /// {@return whether anything came yet}
    boolean hasRead() {
        return hasRead;
    }

    /// {@return when something came last, on the clock of [System#nanoTime()]}
    long lastReadNanos() {
        return lastReadNanos;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) return 0;
        while (!hasRemaining()) {
            if (isEnded) return -1;
            await();
        }
        ByteBuffer buffer = current.get(at);
        int count = Math.min(Math.min(length, READ_BYTES), buffer.remaining());
        buffer.get(bytes, offset, count);
        return count;
    }

    private boolean hasRemaining() {
        while (at < current.size() && !current.get(at).hasRemaining()) at++;
        return at < current.size();
    }

    private void await() throws IOException {
        long left = until - System.nanoTime();
        if (left <= 0 && hasReadSince) throw new SocketTimeoutException();
        try {
            switch (items.poll(Math.max(0, left), TimeUnit.NANOSECONDS)) {
                case null -> throw new SocketTimeoutException();
                case Item.Buffers(var buffers) -> {
                    lastReadNanos = System.nanoTime();
                    hasReadSince = true;
                    hasRead = true;
                    current = buffers;
                    at = 0;
                    subscription.request(1);
                }
                case Item.End(var error) -> {
                    isEnded = true;
                    if (isClosed) throw new IOException("closed");
                    if (error != null) throw new IOException(error);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }

    /// {@return at least 1 when a read would not wait}
    @Override
    public int available() {
        return hasRemaining() || !items.isEmpty() ? 1 : 0;
    }

    @Override
    public void close() {
        isClosed = true;
        Flow.Subscription source = subscription;
        if (source != null) source.cancel();
        items.add(new Item.End(null));
    }

    @Override
    public CompletionStage<BodyStream> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription source) {
        subscription = source;
        if (isClosed) source.cancel();
        else source.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        items.add(new Item.Buffers(buffers));
    }

    @Override
    public void onError(Throwable error) {
        items.add(new Item.End(error));
    }

    @Override
    public void onComplete() {
        items.add(new Item.End(null));
    }
}
