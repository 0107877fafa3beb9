package ccproxy.claude;

import java.net.URI;
import java.time.Duration;
import java.util.Objects;

/// What this floor needs to know. An empty string means "not set".
///
/// @param backend `auto`, `sdk`, `api` or `echo`
/// @param apiBaseUrl where the Anthropic API is, without `/v1`
/// @param apiVersion `anthropic-version` for Chat Completions: `auto` or a date
/// @param apiKey sent as `x-api-key`
/// @param apiAuthToken sent as `Authorization: Bearer`
/// @param passCredentials whether a client's own credentials may go upstream when none is set here
/// @param connectTimeout until the upstream's socket is open
/// @param firstEventTimeout until the first event of an answer, or a whole answer
/// @param idleTimeout between two reads of an answer
/// @param sessionIdleTtl after which a session is forgotten
/// @param sessionBusyWait how long a second turn waits for a busy session
/// @param requestBytesMax the largest request a session may grow to
/// @param cli the Claude Code CLI
/// @param models ordered mapping rules in front of the built-in ones
/// @param prices what tokens cost
public record ClaudeSettings(
        String backend,
        URI apiBaseUrl,
        String apiVersion,
        String apiKey,
        String apiAuthToken,
        boolean passCredentials,
        Duration connectTimeout,
        Duration firstEventTimeout,
        Duration idleTimeout,
        Duration sessionIdleTtl,
        Duration sessionBusyWait,
        long requestBytesMax,
        CliSettings cli,
        ModelMapping models,
        Prices prices) {
    /// Checks that every part is there.
    public ClaudeSettings {
        Objects.requireNonNull(backend);
        Objects.requireNonNull(apiBaseUrl);
        Objects.requireNonNull(apiVersion);
        Objects.requireNonNull(apiKey);
        Objects.requireNonNull(apiAuthToken);
        Objects.requireNonNull(cli);
        Objects.requireNonNull(models);
        Objects.requireNonNull(prices);
    }

    /// {@return whether the server has credentials of its own}
    public boolean hasCredentials() {
        return !apiKey.isEmpty() || !apiAuthToken.isEmpty();
    }

    /// {@return these for asking a server of ours at `base`}
    ///
    /// @param token what it wants to be shown, or `""`
    ClaudeSettings asClientOf(URI base, String token) {
        return new ClaudeSettings(
                "api",
                base,
                "auto",
                token,
                "",
                false,
                connectTimeout,
                firstEventTimeout,
                idleTimeout,
                sessionIdleTtl,
                sessionBusyWait,
                requestBytesMax,
                cli,
                ModelMapping.NONE,
                prices);
    }
}
