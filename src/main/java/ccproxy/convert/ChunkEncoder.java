package ccproxy.convert;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageEvent.Delta;
import ccproxy.wire.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The events of a message stream as chunks of a chat completion stream. Holds the state of one
/// answer; for one thread. The chunks of one event are written together.
///
/// ```
/// message_start ─▶ role   text ─▶ content   tool_use ─▶ tool_calls   message_stop ─▶ finish, usage
/// ```
public final class ChunkEncoder {
    private final ChatPlan plan;
    private final Warnings warnings = new Warnings(false);
    private final Blocks blocks = new Blocks(warnings);
    private final Map<Integer, OpenBlock> open = new HashMap<>();
    private final ChunkCalls calls;
    private final FenceStripper fence = new FenceStripper();
    private final StringBuilder heldText = new StringBuilder();
    private final ObjectNode end = Json.object();
    private List<byte[]> out = new ArrayList<>();
    private ChunkFrame frame;
    private Usage usage = Usage.NONE;
    private final ObjectNode rawUsage = Json.object();
    private int contentCodePoints;
    private boolean isDone;

    ChunkEncoder(ChatPlan plan) {
        this.plan = plan;
        this.calls = new ChunkCalls(plan, this::delta, this::content);
        this.frame = new ChunkFrame(plan, plan.chatId(""));
    }

    /// {@return the chunks, each one line of JSON, that tell this event}
    public List<byte[]> encode(MessageEvent event) {
        out = new ArrayList<>(2);
        if (isDone) return out;
        switch (event) {
            case MessageEvent.MessageStart(var message) -> start(message);
            case MessageEvent.BlockStart(var index, var block) -> blockStart(index, block);
            case MessageEvent.BlockDelta(var index, var delta) -> {
                OpenBlock block = open.get(index);
                if (block != null) delta(block, delta);
                else warnings.note("content[" + index + "]", "unopened");
            }
            case MessageEvent.BlockStop(var index) -> {
                OpenBlock block = open.remove(index);
                if (block != null) blockStop(index, block);
            }
            case MessageEvent.MessageDelta delta -> {
                putPresent(end, delta.delta());
                count(delta.usage());
            }
            case MessageEvent.MessageStop() -> {
                finish();
                isDone = true;
            }
            case MessageEvent.Ping _,
                    MessageEvent.Failure _,
                    MessageEvent.Whole _,
                    MessageEvent.Other _ -> {}
        }
        return out;
    }

    private void start(ObjectNode message) {
        count(message.path("usage"));
        frame = new ChunkFrame(plan, plan.chatId(message.path("id").asString("")));
        delta(Json.object().put("role", "assistant").put("content", ""));
    }

    private void count(JsonNode counts) {
        usage = usage.updated(counts);
        putPresent(rawUsage, counts);
    }

    /// Sets what an event tells; null tells nothing.
    private static void putPresent(ObjectNode to, JsonNode told) {
        for (var field : told.properties()) {
            if (!field.getValue().isNull()) to.set(field.getKey(), field.getValue());
        }
    }

    private void blockStart(int index, ObjectNode raw) {
        var block = new OpenBlock(raw);
        open.put(index, block);
        block.start = contentCodePoints;
        switch (block.type) {
            case "text" -> text(raw.path("text").asString(""));
            case "thinking" -> thinking(block, raw.path("thinking").asString(""));
            case "tool_use" -> calls.start(block);
            default -> {}
        }
    }

    private void delta(OpenBlock block, Delta delta) {
        switch (delta) {
            case Delta.Text(var text) -> text(text);
            case Delta.InputJson(var json) -> calls.input(block, json);
            case Delta.Thinking(var text) -> thinking(block, text);
            case Delta.Signature(var signature) -> block.signature += signature;
            case Delta.Citation(var citation) -> block.citations.add(citation);
            case Delta.Other(var raw) ->
                    warnings.note("delta", "ignored(" + raw.path("type").asString("") + ")");
        }
    }

    private void text(String text) {
        if (text.isEmpty()) return;
        // A text beside the tool that carries the answer is not the answer: it waits for the end.
        if (!plan.answerTool().isEmpty()) heldText.append(text);
        else content(plan.isJson() ? fence.add(text) : text);
    }

    private void content(String text) {
        if (text.isEmpty()) return;
        contentCodePoints += text.codePointCount(0, text.length());
        out.add(frame.content(text));
    }

    private void thinking(OpenBlock block, String text) {
        if (plan.reasoning().equals("hide")) return;
        block.text.append(text);
        if (plan.reasoning().equals("field") && !text.isEmpty()) {
            delta(Json.object().put("reasoning_content", text));
        }
    }

    private void blockStop(int index, OpenBlock block) {
        switch (block.type) {
            case "text" -> {
                block.block.path("citations").forEach(block.citations::add);
                ArrayNode annotations =
                        blocks.annotations(block.citations, block.start, contentCodePoints);
                if (!annotations.isEmpty()) delta("annotations", annotations);
            }
            case "thinking", "redacted_thinking" -> thinkingStop(index, block);
            case "tool_use" -> calls.stop(block);
            default -> blocks.add(index, block.whole());
        }
    }

    private void thinkingStop(int index, OpenBlock block) {
        ObjectNode whole = block.whole();
        switch (plan.reasoning()) {
            case "hide" -> {}
            case "tags" -> {
                if (block.type.equals("thinking")) text(Reasoning.tagged(whole));
            }
            default -> {
                ArrayNode details = Json.array().addAll(Reasoning.entry(index, whole));
                delta("reasoning_details", details);
            }
        }
    }

    private void finish() {
        if (!calls.haveAnswer() && !heldText.isEmpty()) content(heldText.toString());
        if (plan.isJson()) content(fence.end());
        String reason =
                Finish.reason(end.path("stop_reason").asString(""), calls.isAny(), plan, warnings);
        if (reason.equals("content_filter"))
            delta(Json.object().put("refusal", Finish.refusal(end, "")));
        ObjectNode chunk = chunk();
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.putObject("delta");
        choice.putNull("logprobs");
        choice.put("finish_reason", reason);
        if (plan.includeUsage()) chunk.putNull("usage");
        ObjectNode extras = Finish.extras(end, rawUsage, blocks, warnings.header());
        if (!extras.isEmpty()) chunk.set("x_claude", extras);
        out.add(Json.bytes(chunk));
        if (!plan.includeUsage()) return;
        ObjectNode last = chunk();
        last.putArray("choices");
        last.set("usage", usage.chat());
        out.add(Json.bytes(last));
    }

    private ObjectNode chunk() {
        ObjectNode chunk = frame.chunk();
        String tier = Finish.serviceTier(rawUsage);
        return tier.isEmpty() ? chunk : chunk.put("service_tier", tier);
    }

    private void delta(ObjectNode delta) {
        out.add(frame.delta(delta));
    }

    private void delta(String name, JsonNode value) {
        ObjectNode delta = Json.object();
        delta.set(name, value);
        delta(delta);
    }

    /// {@return the tokens told so far}
    public Usage usage() {
        return usage;
    }
}
