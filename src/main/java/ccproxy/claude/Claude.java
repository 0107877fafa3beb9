package ccproxy.claude;

import java.util.List;
import java.util.Map;

/// Who answers. A backend takes Messages requests and gives Anthropic's own events; it knows
/// nothing of the faces in front of it.
public interface Claude extends AutoCloseable {
    /// {@return the answer to a turn}; asking is not done before the first [EventStream#next].
    EventStream ask(Turn turn);

    /// {@return what of a request this backend cannot hand on as it was given, and what becomes of
    /// it: `{"metadata": "dropped"}`}; nothing that changes the answer
    default Map<String, String> notes(Turn turn) {
        return Map.of();
    }

    /// {@return `{"input_tokens":n}` as one whole event}
    EventStream countTokens(Turn turn);

    /// {@return the list of models, or the one named `id`, in Anthropic's shape, as one whole
    /// event}
    ///
    /// @param id `""` for the list
    EventStream models(String id, ClientHeaders headers);

    /// {@return the sessions that a client may see; none where there are none}
    default List<SessionInfo> sessions(ClientHeaders headers) {
        return List.of();
    }

    /// Ends a session; a turn of it that runs is interrupted.
    ///
    /// @return whether there was one
    default boolean closeSession(String id, ClientHeaders headers) {
        return false;
    }

    /// Stops the turn of a session that runs; the session stays.
    ///
    /// @return the session, or an empty list when there is none
    default List<SessionInfo> interruptSession(String id, ClientHeaders headers) {
        return List.of();
    }

    @Override
    void close();
}
