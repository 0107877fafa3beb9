package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.SseEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The lines of an agent's turn, which is several answers of the model with the CLI's tools between
/// them, as the events of one answer: texts and thinking one after the other, tokens added up, and
/// what the CLI did as `sdk.message_mode` wants it ([CliDoings]). Ends with the turn; or with an
/// answer that ran into `max_tokens`, which the CLI would go on from by itself. For one thread.
final class AgentDecoder implements CliDecoder {
    private final Deque<SseEvent> events = new ArrayDeque<>();
    private final Deque<ObjectNode> held = new ArrayDeque<>();
    private final Map<Integer, Integer> open = new HashMap<>();
    private final CliDoings doings;
    private final StringBuilder told = new StringBuilder();
    private ObjectNode limit = Json.object();
    private ObjectNode usageBefore = Json.object();
    private ObjectNode usage = Json.object();
    private String stopReason = "end_turn";
    private String error = "";
    private String said = "";
    private int blocks;
    private boolean hasBegun;
    private boolean isFailing;
    private boolean isComplete;

    AgentDecoder(CliSettings.MessageMode mode) {
        doings = new CliDoings(mode);
    }

    @Override
    public void add(CliMessage line) {
        if (isComplete) return;
        switch (line) {
            case CliMessage.Event(var event, var isAbandoned) -> {
                if (isAbandoned) isFailing = true;
                if (!isFailing) event(event);
            }
            case CliMessage.Assistant assistant -> assistant(assistant);
            case CliMessage.User(var message) -> doings.results(message).forEach(this::show);
            case CliMessage.SystemLine(var subtype, var raw) ->
                    doings.system(subtype, raw).forEach(this::show);
            case CliMessage.RateLimit(var info) -> limit = info;
            case CliMessage.Result(var raw) -> result(raw);
            case CliMessage.Reply _, CliMessage.Request _, CliMessage.Other _ -> {}
        }
    }

    private void event(SseEvent event) {
        switch (MessageEvent.of(event)) {
            case MessageEvent.MessageStart(var message) -> start(event, message);
            case MessageEvent.BlockStart(var index, var block) -> {
                // The CLI's own calls are told by a line of their own, whole.
                if (block.path("type").asString("").equals("tool_use")) return;
                open.put(index, blocks++);
                events.add(moved(event, index));
            }
            case MessageEvent.BlockDelta(var index, var delta) -> {
                if (!open.containsKey(index)) return;
                if (delta instanceof MessageEvent.Delta.Text(var text)) told.append(text);
                events.add(moved(event, index));
            }
            case MessageEvent.BlockStop(var index) -> {
                if (!open.containsKey(index)) return;
                events.add(moved(event, index));
                open.remove(index);
                showHeld();
            }
            case MessageEvent.MessageDelta delta -> delta(delta);
            case MessageEvent.MessageStop() -> {
                usageBefore = ContinuedStream.sum(usageBefore, usage);
                usage = Json.object();
                if (isCutShort()) finish();
            }
            case MessageEvent.Ping _,
                    MessageEvent.Failure _,
                    MessageEvent.Whole _,
                    MessageEvent.Other _ -> {}
        }
    }

    private void start(SseEvent event, ObjectNode message) {
        usage = Json.objectOrEmpty(message.path("usage")).deepCopy();
        open.clear();
        if (hasBegun) return;
        hasBegun = true;
        events.add(event);
        showHeld();
    }

    private void delta(MessageEvent.MessageDelta delta) {
        JsonNode reason = delta.delta().path("stop_reason");
        // An answer that broke off is closed by the CLI without a reason to stop.
        if (!reason.isString()) return;
        stopReason = reason.stringValue();
        for (var field : delta.usage().properties()) {
            if (!field.getValue().isNull()) usage.set(field.getKey(), field.getValue());
        }
    }

    private boolean isCutShort() {
        return switch (stopReason) {
            case "max_tokens", "model_context_window_exceeded", "refusal" -> true;
            default -> false;
        };
    }

    private SseEvent moved(SseEvent event, int index) {
        int to = open.get(index);
        if (to == index) return event;
        ObjectNode moved = Json.objectOrEmpty(event.json()).deepCopy();
        return SseEvent.of(event.name(), Json.bytes(moved.put("index", to)));
    }

    private void assistant(CliMessage.Assistant line) {
        if (line.isSynthetic()) {
            isFailing = true;
            error = line.error();
            said = CliErrors.text(line);
            return;
        }
        doings.calls(line.message()).forEach(this::show);
    }

    /// Shows a block of ours, as soon as no other one is open.
    private void show(ObjectNode block) {
        held.add(block);
        if (hasBegun && open.isEmpty()) showHeld();
    }

    private void showHeld() {
        while (open.isEmpty() && !held.isEmpty()) {
            ObjectNode block = held.remove();
            told.append(block.path("text").asString(""));
            events.addAll(MadeEvents.block(blocks++, block));
        }
    }

    private void result(ObjectNode raw) {
        // Work in the background has turns of its own, which nobody asked for.
        String origin = raw.path("origin").path("kind").asString("human");
        if (!origin.equals("human")) return;
        if (isFailing || raw.path("is_error").asBoolean(false))
            throw CliErrors.of(raw, error, said, limit);
        if (!hasBegun)
            throw new ApiException(ErrorKind.INCOMPLETE, "the claude process gave no answer");
        stopReason = raw.path("stop_reason").asString(stopReason);
        finish();
    }

    private void finish() {
        showHeld();
        ObjectNode end = Json.object().put("type", "message_delta");
        end.putObject("delta").put("stop_reason", stopReason).putNull("stop_sequence");
        end.set("usage", ContinuedStream.sum(usageBefore, usage));
        events.add(SseEvent.of("message_delta", Json.bytes(end)));
        ObjectNode stop = Json.object().put("type", "message_stop");
        events.add(SseEvent.of("message_stop", Json.bytes(stop)));
        isComplete = true;
    }

    /// {@return the texts told so far}
    String told() {
        return told.toString();
    }

    @Override
    public boolean hasEvent() {
        return !events.isEmpty();
    }

    @Override
    public SseEvent event() {
        return events.remove();
    }

    @Override
    public boolean hasBegun() {
        return hasBegun;
    }

    @Override
    public boolean isComplete() {
        return isComplete;
    }
}
