package ccproxy.command;

import ccproxy.wire.Field;
import ccproxy.wire.SseEvent;

/// The events of a message, in their order: `message_start`, for each block its start, deltas and
/// stop, `message_delta`, `message_stop`. Pings and events of a later day may come anywhere.
final class MessageStreamCheck implements StreamCheck {
    private final Expectation expectation;
    private final StringBuilder input = new StringBuilder();
    private int events;
    private int blocks;
    private boolean isStarted;
    private boolean isInBlock;
    private boolean isStopped;
    private String stopReason = "";
    private String tool = "";

    MessageStreamCheck(Expectation expectation) {
        this.expectation = expectation;
    }

    @Override
    public void event(SseEvent event) {
        if (isStopped) throw StreamCheck.notAsItsApi("there is an event after message_stop");
        if (!event.isObject()) {
            throw StreamCheck.notAsItsApi("an event's data is no JSON object: " + event);
        }
        events++;
        var data = new Field("", event.json());
        String type = data.get("type").text();
        // The SDKs go by the name of the event, other clients by the type in its data.
        if (!event.toString().contains("event: " + type)) {
            throw StreamCheck.notAsItsApi("the event's name is not its type, " + type);
        }
        switch (type) {
            case "ping" -> {}
            case "error" ->
                    throw StreamCheck.broken(data.get("error").get("message").text("no message"));
            case "message_start" -> start(data.get("message"));
            case "content_block_start" -> blockStart(data);
            case "content_block_delta" -> delta(data);
            case "content_block_stop" -> blockStop(data);
            case "message_delta" -> messageDelta(data);
            case "message_stop" -> stop();
            default -> expect(isStarted, type);
        }
    }

    private static void expect(boolean isInOrder, String type) {
        if (!isInOrder) throw StreamCheck.notAsItsApi(type + " comes out of its order");
    }

    private void start(Field message) {
        expect(!isStarted, "message_start");
        isStarted = true;
        WholeCheck.messageHead(message);
        message.get("usage").get("input_tokens").integer(0, Integer.MAX_VALUE);
    }

    private void blockStart(Field data) {
        expect(isStarted && !isInBlock && stopReason.isEmpty(), "content_block_start");
        isInBlock = true;
        data.get("index").integer(blocks, blocks);
        Field block = data.get("content_block");
        if (block.get("type").text().equals("tool_use")) {
            block.get("id").nonEmptyText();
            block.get("input").object();
            tool = block.get("name").nonEmptyText();
            input.setLength(0);
        }
    }

    private void delta(Field data) {
        expect(isInBlock, "content_block_delta");
        data.get("index").integer(blocks, blocks);
        Field delta = data.get("delta");
        switch (delta.get("type").text()) {
            case "text_delta" -> delta.get("text").text();
            case "input_json_delta" -> input.append(delta.get("partial_json").text());
            default -> {}
        }
    }

    private void blockStop(Field data) {
        expect(isInBlock, "content_block_stop");
        data.get("index").integer(blocks, blocks);
        isInBlock = false;
        blocks++;
    }

    private void messageDelta(Field data) {
        expect(isStarted && !isInBlock, "message_delta");
        stopReason = data.get("delta").get("stop_reason").text(stopReason);
        data.get("usage").get("output_tokens").integer(0, Integer.MAX_VALUE);
    }

    private void stop() {
        expect(isStarted && !isInBlock && !stopReason.isEmpty(), "message_stop");
        isStopped = true;
    }

    @Override
    public String end() {
        if (!isStarted) throw StreamCheck.notAsItsApi("the stream has no message_start");
        if (!isStopped) throw StreamCheck.notAsItsApi("the stream ends without message_stop");
        WholeCheck.arguments(input.toString(), stopReason);
        WholeCheck.tool(expectation.tool(), tool);
        return events + " events, stop_reason " + stopReason;
    }
}
