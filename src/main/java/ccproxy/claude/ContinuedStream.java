package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// An answer that goes on by itself when the upstream pauses it (`stop_reason: pause_turn`, which
/// its own long-running tools cause): what came is sent back, and the answer to that continues the
/// same message, its blocks counted on and its tokens added. At most [#PAUSES_MAX] times.
final class ContinuedStream implements EventStream {
    /// The upstream pauses after ten of its own tool calls; fifty are a runaway.
    static final int PAUSES_MAX = 5;

    private final Turn turn;
    private final Function<Turn, EventStream> ask;
    private final ArrayNode told = Json.array();
    private ObjectNode countedBefore = Json.object();
    private MessageFold fold = new MessageFold();
    private volatile EventStream current;
    private int pauses;
    private boolean isPaused;
    private boolean isClosed;

    ContinuedStream(Turn turn, Function<Turn, EventStream> ask) {
        this.turn = turn;
        this.ask = ask;
        this.current = ask.apply(turn);
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        for (; ; ) {
            Next next = current.next(wait);
            if (!(next instanceof Next.Event(var event))) return next;
            MessageEvent read = MessageEvent.of(event);
            fold.add(read);
            switch (read) {
                case MessageEvent.MessageStart _ when pauses > 0 -> {}
                case MessageEvent.MessageDelta delta when isPause(delta) -> isPaused = true;
                case MessageEvent.MessageDelta delta when pauses > 0 -> {
                    return new Next.Event(SseEvent.of("message_delta", Json.bytes(counted(delta))));
                }
                case MessageEvent.MessageStop _ when isPaused -> goOn();
                case MessageEvent.BlockStart _,
                        MessageEvent.BlockDelta _,
                        MessageEvent.BlockStop _ -> {
                    return new Next.Event(told.isEmpty() ? event : moved(event));
                }
                default -> {
                    return new Next.Event(event);
                }
            }
        }
    }

    private boolean isPause(MessageEvent.MessageDelta delta) {
        return pauses < PAUSES_MAX
                && delta.delta().path("stop_reason").asString("").equals("pause_turn");
    }

    private void goOn() throws InterruptedException {
        // Read to its end, so that the connection serves the next request.
        current.next(Duration.ZERO);
        ask(continued());
    }

    private Turn continued() {
        ObjectNode message = fold.message();
        message.path("content").forEach(told::add);
        countedBefore = sum(countedBefore, message.path("usage"));
        fold = new MessageFold();
        isPaused = false;
        pauses++;
        MessagesRequest request = turn.request();
        ArrayNode messages = request.messages().deepCopy();
        messages.addObject().put("role", "assistant").set("content", told.deepCopy());
        return turn.with(request.with("messages", messages));
    }

    private synchronized void ask(Turn next) {
        current.close();
        current = ask.apply(next);
        if (isClosed) current.close();
    }

    private SseEvent moved(SseEvent event) {
        ObjectNode moved = Json.objectOrEmpty(event.json()).deepCopy();
        moved.put("index", moved.path("index").asInt(0) + told.size());
        return SseEvent.of(event.name(), Json.bytes(moved));
    }

    private ObjectNode counted(MessageEvent.MessageDelta delta) {
        ObjectNode counted = delta.event().deepCopy();
        ObjectNode message = fold.message();
        counted.set("usage", sum(countedBefore, message.path("usage")));
        return counted;
    }

    /// The counts of both, added; what is no count stays as it is in the later one.
    static ObjectNode sum(JsonNode before, JsonNode after) {
        ObjectNode sum = Json.objectOrEmpty(after).deepCopy();
        for (var field : before.properties()) {
            JsonNode value = field.getValue();
            JsonNode more = sum.path(field.getKey());
            if (value.isIntegralNumber())
                sum.put(field.getKey(), value.longValue() + more.asLong(0));
            else if (value.isObject()) sum.set(field.getKey(), sum(value, more));
            else if (more.isMissingNode()) sum.set(field.getKey(), value);
        }
        return sum;
    }

    @Override
    public boolean isReady() {
        return current.isReady();
    }

    @Override
    public Map<String, List<String>> headers() {
        return current.headers();
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        current.close();
    }
}
