package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.ObjectNode;

/// Plays an [EchoScript], each event made when it is asked for.
final class EchoStream implements EventStream {
    private enum State {
        BEFORE_START,
        IN_BLOCKS,
        AT_END,
        AT_STOP,
        ENDED
    }

    private final EchoScript script;
    private final CountDownLatch closed = new CountDownLatch(1);
    private State state = State.BEFORE_START;
    private int block;
    private int delta = -1;
    private int deltas;
    private long dueNanos = System.nanoTime();
    private boolean isTimed;

    EchoStream(EchoScript script) {
        this.script = script;
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        if (state == State.ENDED) return new Next.End();
        time();
        long left = dueNanos - System.nanoTime();
        if (left > 0) closed.await(Math.min(left, wait.toNanos()), TimeUnit.NANOSECONDS);
        if (closed.getCount() == 0) {
            throw new ApiException(ErrorKind.INCOMPLETE, "the answer was stopped");
        }
        if (System.nanoTime() < dueNanos) return new Next.Quiet();
        isTimed = false;
        return new Next.Event(step());
    }

    /// Sets when the next event is due.
    private void time() {
        if (isTimed) return;
        isTimed = true;
        boolean isDelta = state == State.IN_BLOCKS && delta >= 0 && delta < current().deltas();
        long delay = isDelta ? script.deltaDelayMillis() : 0;
        if (state == State.BEFORE_START) delay = script.firstDelayMillis();
        dueNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(delay);
    }

    private EchoBlock current() {
        return script.blocks().get(block);
    }

    private SseEvent step() {
        return switch (state) {
            case BEFORE_START -> start();
            case IN_BLOCKS -> blockStep();
            case AT_END -> end();
            case AT_STOP, ENDED -> {
                state = State.ENDED;
                yield MadeEvents.STOP;
            }
        };
    }

    private SseEvent start() {
        if (!script.failure().isEmpty() && script.errorAfter() < 0)
            throw script.failure().getFirst();
        state = script.blocks().isEmpty() ? State.AT_END : State.IN_BLOCKS;
        ObjectNode start = Json.object().put("type", "message_start");
        start.set("message", script.start());
        return event(start);
    }

    private SseEvent end() {
        // A script that breaks never looks whole, however few deltas it has.
        if (script.errorAfter() >= 0 || script.cutAfter() >= 0) return failure();
        state = State.AT_STOP;
        return event(script.end());
    }

    private SseEvent blockStep() {
        EchoBlock told = current();
        ObjectNode event = Json.object();
        if (delta >= 0 && isFailing()) return failure();
        if (delta < 0) {
            event.put("type", "content_block_start")
                    .put("index", block)
                    .set("content_block", told.start());
        } else if (delta < told.deltas()) {
            deltas++;
            event.put("type", "content_block_delta")
                    .put("index", block)
                    .set("delta", told.delta().apply(delta));
        } else {
            event.put("type", "content_block_stop").put("index", block);
            delta = -1;
            block++;
            if (block == script.blocks().size()) state = State.AT_END;
            return event(event);
        }
        delta++;
        return event(event);
    }

    private boolean isFailing() {
        return deltas == script.cutAfter() || deltas == script.errorAfter();
    }

    private SseEvent failure() {
        boolean isCut = deltas == script.cutAfter() || script.errorAfter() < 0;
        if (isCut) {
            throw new ApiException(ErrorKind.INCOMPLETE, "the stream ended without message_stop");
        }
        state = State.ENDED;
        byte[] body = script.failure().getFirst().messagesBody("");
        return SseEvent.of("error", body);
    }

    private static SseEvent event(ObjectNode event) {
        return SseEvent.of(event.path("type").asString(), Json.bytes(event));
    }

    @Override
    public boolean isReady() {
        if (state == State.ENDED) return true;
        time();
        return dueNanos <= System.nanoTime();
    }

    @Override
    public Map<String, List<String>> headers() {
        return Map.of();
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
