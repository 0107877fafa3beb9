package ccproxy.claude;

import java.time.Instant;

/// What is told of a session.
///
/// @param id as the client named it
/// @param key the name of its owner's key, `""` for none
/// @param model of its last turn
/// @param messages that it holds
/// @param bytes of memory that they take
/// @param isBusy whether a turn runs
/// @param createdAt its first request
/// @param usedAt its last request
public record SessionInfo(
        String id,
        String key,
        String model,
        int messages,
        long bytes,
        boolean isBusy,
        Instant createdAt,
        Instant usedAt) {}
