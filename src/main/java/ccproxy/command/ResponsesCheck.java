package ccproxy.command;

import ccproxy.wire.Field;
import ccproxy.wire.SseEvent;

/// The events of a response, OpenAI's later API, as far as Codex CLI needs them: the first says
/// that it is there, the last that it is whole.
final class ResponsesCheck implements StreamCheck {
    private int events;
    private boolean isWhole;

    @Override
    public void event(SseEvent event) {
        if (!event.isObject()) {
            throw StreamCheck.notAsItsApi("an event's data is no JSON object: " + event);
        }
        var data = new Field("", event.json());
        String type = data.get("type").text();
        if (events++ == 0 && !type.equals("response.created")) {
            throw data.get("type").expectedOneOf("response.created");
        }
        switch (type) {
            case "response.failed", "error" -> throw StreamCheck.broken(type);
            case "response.completed", "response.incomplete" -> {
                data.get("response").get("id").nonEmptyText();
                isWhole = true;
            }
            default -> {}
        }
    }

    @Override
    public String end() {
        if (!isWhole) throw StreamCheck.notAsItsApi("the stream ends without response.completed");
        return events + " events";
    }
}
