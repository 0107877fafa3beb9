package ccproxy.convert;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageEvent.Delta;
import ccproxy.wire.Usage;
import java.nio.charset.StandardCharsets;
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
    private static final byte[] CONTENT = "{\"content\":".getBytes(StandardCharsets.US_ASCII);

    private final ChatPlan plan;
    private final Warnings warnings = new Warnings(false);
    private final Blocks blocks = new Blocks(warnings);
    private final Map<Integer, Open> open = new HashMap<>();
    private final FenceStripper fence = new FenceStripper();
    private final StringBuilder heldText = new StringBuilder();
    private final ObjectNode end = Json.object();
    private List<byte[]> out = new ArrayList<>();
    private byte[] head = {};
    private byte[] tail = {};
    private String id = "";
    private Usage usage = Usage.NONE;
    private int calls;
    private int contentCodePoints;
    private boolean hasAnswer;

    /// A block that is being told.
    private static final class Open {
        final ObjectNode block;
        final String type;

        /// Collected only where it cannot be shown as it comes.
        final StringBuilder text = new StringBuilder();

        final ArrayNode citations = Json.array();
        String signature;
        int call = -1;
        int start;
        boolean hasInput;

        Open(ObjectNode block) {
            this.block = block;
            this.type = block.path("type").asString("");
            this.signature = block.path("signature").asString("");
        }
    }

    ChunkEncoder(ChatPlan plan) {
        this.plan = plan;
        frame("");
    }

    /// {@return the chunks, each one line of JSON, that tell this event}
    public List<byte[]> encode(MessageEvent event) {
        out = new ArrayList<>(2);
        switch (event) {
            case MessageEvent.MessageStart(var message) -> start(message);
            case MessageEvent.BlockStart(var index, var block) -> blockStart(index, block);
            case MessageEvent.BlockDelta(var index, var delta) -> {
                Open block = open.get(index);
                if (block != null) delta(block, delta);
                else warnings.note("content[" + index + "]", "unopened");
            }
            case MessageEvent.BlockStop(var index) -> {
                Open block = open.remove(index);
                if (block != null) blockStop(index, block);
            }
            case MessageEvent.MessageDelta delta -> {
                end.setAll(delta.delta());
                usage = usage.updated(delta.usage());
                tier(delta.usage());
            }
            case MessageEvent.MessageStop() -> finish();
            case MessageEvent.Ping _,
                    MessageEvent.Failure _,
                    MessageEvent.Whole _,
                    MessageEvent.Other _ -> {}
        }
        return out;
    }

    private void start(ObjectNode message) {
        usage = usage.updated(message.path("usage"));
        frame(message.path("id").asString(""));
        delta(Json.object().put("role", "assistant").put("content", ""));
    }

    private void tier(JsonNode counts) {
        String tier = Finish.serviceTier(counts);
        if (!tier.isEmpty()) end.put("service_tier", tier);
    }

    private void blockStart(int index, ObjectNode raw) {
        var block = new Open(raw);
        open.put(index, block);
        block.start = contentCodePoints;
        switch (block.type) {
            case "text" -> text(raw.path("text").asString(""));
            case "thinking" -> thinking(block, raw.path("thinking").asString(""));
            case "tool_use" -> callStart(block);
            default -> {}
        }
    }

    private void callStart(Open block) {
        String upstreamName = block.block.path("name").asString("");
        if (plan.isAnswer(upstreamName)) {
            hasAnswer = true;
            return;
        }
        block.call = calls++;
        String name = plan.names().toClient(upstreamName);
        if (plan.isLegacy()) {
            ObjectNode call = Json.object().put("name", name).put("arguments", "");
            if (block.call == 0) delta(with("function_call", call));
            return;
        }
        ObjectNode call =
                Json.object()
                        .put("index", block.call)
                        .put("id", block.block.path("id").asString(""));
        if (plan.customTools().contains(name)) {
            call.put("type", "custom").putObject("custom").put("name", name).put("input", "");
        } else {
            call.put("type", "function")
                    .putObject("function")
                    .put("name", name)
                    .put("arguments", "");
        }
        delta(with("tool_calls", Json.array().add(call)));
    }

    private void delta(Open block, Delta delta) {
        switch (delta) {
            case Delta.Text(var text) -> text(text);
            case Delta.InputJson(var json) -> input(block, json);
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
        byte[] quoted = Json.quoted(text);
        byte[] chunk = new byte[head.length + CONTENT.length + quoted.length + 1 + tail.length];
        int at = append(chunk, 0, head);
        at = append(chunk, at, CONTENT);
        at = append(chunk, at, quoted);
        chunk[at++] = '}';
        append(chunk, at, tail);
        out.add(chunk);
    }

    private static int append(byte[] to, int at, byte[] part) {
        System.arraycopy(part, 0, to, at, part.length);
        return at + part.length;
    }

    private void thinking(Open block, String text) {
        if (plan.reasoning().equals("hide")) return;
        block.text.append(text);
        if (plan.reasoning().equals("field") && !text.isEmpty()) {
            delta(Json.object().put("reasoning_content", text));
        }
    }

    private void input(Open block, String json) {
        if (json.isEmpty()) return;
        block.hasInput = true;
        if (isWhole(block)) block.text.append(json);
        else if (block.call < 0) content(json);
        else arguments(block, json);
    }

    /// Whether a call's input can be shown only when it is whole.
    private boolean isWhole(Open block) {
        if (block.call < 0) return plan.isAnswerWrapped();
        return plan.customTools()
                .contains(plan.names().toClient(block.block.path("name").asString("")));
    }

    private void arguments(Open block, String json) {
        if (plan.isLegacy()) {
            if (block.call == 0) delta(with("function_call", Json.object().put("arguments", json)));
            return;
        }
        ObjectNode call = Json.object().put("index", block.call);
        call.putObject("function").put("arguments", json);
        delta(with("tool_calls", Json.array().add(call)));
    }

    private void blockStop(int index, Open block) {
        switch (block.type) {
            case "text" -> {
                block.block.path("citations").forEach(block.citations::add);
                ArrayNode annotations =
                        blocks.annotations(block.citations, block.start, contentCodePoints);
                if (!annotations.isEmpty()) delta(with("annotations", annotations));
            }
            case "thinking", "redacted_thinking" -> thinkingStop(index, block);
            case "tool_use" -> callStop(block);
            default -> blocks.add(index, block.block);
        }
    }

    private void thinkingStop(int index, Open block) {
        ObjectNode whole = block.block.deepCopy();
        if (block.type.equals("thinking")) {
            whole.put("thinking", block.text.toString()).put("signature", block.signature);
        }
        switch (plan.reasoning()) {
            case "hide" -> {}
            case "tags" -> {
                if (block.type.equals("thinking")) text(Reasoning.tagged(whole));
            }
            default -> {
                ArrayNode details = Json.array().addAll(Reasoning.entry(index, whole));
                delta(with("reasoning_details", details));
            }
        }
    }

    private void callStop(Open block) {
        if (!block.hasInput) {
            // Nothing came: the input stood at the start, or there is none.
            input(block, Json.text(Json.objectOrEmpty(block.block.path("input"))));
        }
        if (!isWhole(block)) return;
        JsonNode input = whole(block.text.toString());
        if (block.call < 0) {
            content(Json.text(input.path("value")));
            return;
        }
        ObjectNode call = Json.object().put("index", block.call);
        call.putObject("custom")
                .put("input", input.path(ChatTools.CUSTOM_INPUT).asString(block.text.toString()));
        delta(with("tool_calls", Json.array().add(call)));
    }

    private static JsonNode whole(String json) {
        try {
            return Json.tree(json);
        } catch (IllegalArgumentException _) {
            return Json.object();
        }
    }

    private void finish() {
        if (!hasAnswer && !heldText.isEmpty()) content(heldText.toString());
        if (plan.isJson()) content(fence.end());
        String reason =
                Finish.reason(end.path("stop_reason").asString(""), calls > 0, plan, warnings);
        if (reason.equals("content_filter"))
            delta(Json.object().put("refusal", Finish.refusal(end, "")));
        ObjectNode chunk = chunk();
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.putObject("delta");
        choice.putNull("logprobs");
        choice.put("finish_reason", reason);
        if (plan.includeUsage()) chunk.putNull("usage");
        ObjectNode extras = Finish.extras(end, blocks, warnings.header());
        if (!extras.isEmpty()) chunk.set("x_claude", extras);
        out.add(Json.bytes(chunk));
        if (!plan.includeUsage()) return;
        ObjectNode last = chunk();
        last.putArray("choices");
        last.set("usage", usage.chat());
        out.add(Json.bytes(last));
    }

    /// What every chunk begins and ends with, made once.
    private void frame(String messageId) {
        id = plan.chatId(messageId);
        byte[] whole = Json.bytes(chunk());
        head =
                (new String(whole, 0, whole.length - 1, StandardCharsets.UTF_8)
                                + ",\"choices\":[{\"index\":0,\"delta\":")
                        .getBytes(StandardCharsets.UTF_8);
        String rest = ",\"logprobs\":null,\"finish_reason\":null}]";
        tail =
                (rest + (plan.includeUsage() ? ",\"usage\":null}" : "}"))
                        .getBytes(StandardCharsets.US_ASCII);
    }

    private ObjectNode chunk() {
        ObjectNode chunk = Json.object().put("id", id).put("object", "chat.completion.chunk");
        chunk.put("created", plan.created()).put("model", plan.model());
        chunk.put("system_fingerprint", plan.fingerprint());
        if (end.has("service_tier")) chunk.set("service_tier", end.path("service_tier"));
        return chunk;
    }

    private void delta(ObjectNode delta) {
        byte[] json = Json.bytes(delta);
        byte[] chunk = new byte[head.length + json.length + tail.length];
        append(chunk, append(chunk, append(chunk, 0, head), json), tail);
        out.add(chunk);
    }

    private static ObjectNode with(String name, JsonNode value) {
        ObjectNode delta = Json.object();
        delta.set(name, value);
        return delta;
    }

    /// {@return the tokens told so far}
    public Usage usage() {
        return usage;
    }
}
