package ccproxy.claude;

import ccproxy.wire.CliMessage;
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
final class AgentDecoder extends CliDecoder {
    private final Deque<ObjectNode> held = new ArrayDeque<>();
    private final Map<Integer, Integer> open = new HashMap<>();
    private final CliDoings doings;
    private final StringBuilder told = new StringBuilder();
    private ObjectNode usageBefore = Json.object();
    private ObjectNode usage = Json.object();
    private String stopReason = "end_turn";
    private int blocks;

    AgentDecoder(CliSettings.MessageMode mode) {
        doings = new CliDoings(mode);
    }

    @Override
    void add(CliMessage line) {
        if (isComplete()) return;
        switch (line) {
            case CliMessage.Event(var event, var isAbandoned) -> {
                if (isAbandoned) fail();
                if (!isFailing()) event(event);
            }
            case CliMessage.Assistant assistant -> assistant(assistant);
            case CliMessage.User(var message) -> doings.results(message).forEach(this::show);
            case CliMessage.SystemLine(var subtype, var raw) ->
                    doings.system(subtype, raw).forEach(this::show);
            case CliMessage.RateLimit(var info) -> limit(info);
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
                tell(moved(event, index));
            }
            case MessageEvent.BlockDelta(var index, var delta) -> {
                if (!open.containsKey(index)) return;
                if (delta instanceof MessageEvent.Delta.Text(var text)) told.append(text);
                tell(moved(event, index));
            }
            case MessageEvent.BlockStop(var index) -> {
                if (!open.containsKey(index)) return;
                tell(moved(event, index));
                open.remove(index);
                showHeld();
            }
            case MessageEvent.MessageDelta delta -> delta(delta);
            case MessageEvent.MessageStop() -> {
                usageBefore = ContinuedStream.sum(usageBefore, usage);
                usage = Json.object();
                if (isCutShort()) end();
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
        if (hasBegun()) return;
        begin();
        tell(event);
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
            fail(line);
            return;
        }
        doings.calls(line.message()).forEach(this::show);
    }

    /// Shows a block of ours, as soon as no other one is open.
    private void show(ObjectNode block) {
        held.add(block);
        if (hasBegun() && open.isEmpty()) showHeld();
    }

    private void showHeld() {
        while (open.isEmpty() && !held.isEmpty()) {
            ObjectNode block = held.remove();
            told.append(block.path("text").asString(""));
            MadeEvents.block(blocks++, block).forEach(this::tell);
        }
    }

    private void result(ObjectNode raw) {
        // Work in the background has turns of its own, which nobody asked for.
        String origin = raw.path("origin").path("kind").asString("human");
        if (!origin.equals("human")) return;
        boolean isError = isFailing() || raw.path("is_error").asBoolean(false);
        if (isError || !hasBegun()) throw failure(raw);
        stopReason = raw.path("stop_reason").asString(stopReason);
        end();
    }

    private void end() {
        showHeld();
        ObjectNode end = Json.object().put("type", "message_delta");
        end.putObject("delta").put("stop_reason", stopReason).putNull("stop_sequence");
        end.set("usage", ContinuedStream.sum(usageBefore, usage));
        tell(SseEvent.of("message_delta", Json.bytes(end)));
        finish();
    }

    /// {@return the texts told so far}
    String told() {
        return told.toString();
    }
}
