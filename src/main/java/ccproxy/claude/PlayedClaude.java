package ccproxy.claude;

import java.util.Map;

/// A recorded answer as a backend: it looks at what it is asked, and answers as it was recorded.
final class PlayedClaude implements Claude {
    private final Claude inner;
    private final String name;
    private final Recording recording;

    /// @param inner the backend that it stands for, which is never asked
    PlayedClaude(Claude inner, String name, Recording recording) {
        this.inner = inner;
        this.name = name;
        this.recording = recording;
    }

    @Override
    public EventStream ask(Turn turn) {
        return recording.asked(TracedClaude.asked("ask", turn).put("backend", name));
    }

    @Override
    public EventStream countTokens(Turn turn) {
        return recording.asked(TracedClaude.asked("count_tokens", turn).put("backend", name));
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        return recording.asked(TracedClaude.asked(id, headers).put("backend", name));
    }

    @Override
    public Map<String, String> notes(Turn turn) {
        return inner.notes(turn);
    }

    @Override
    public void close() {
        inner.close();
    }
}
