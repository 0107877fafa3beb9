package ccproxy.command;

import java.security.SecureRandom;
import java.util.Base64;

/// `token`: a new random auth token, and the line that sets it.
final class TokenCommand {
    /// As many as a 256-bit key: beyond guessing.
    private static final int RANDOM_BYTES = 32;

    private TokenCommand() {}

    /// Prints both, a line each.
    static ExitCode run(Surroundings surroundings) {
        byte[] random = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(random);
        String token = "ccp_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        surroundings.out().println(token);
        surroundings.out().println("export " + Keys.AUTH_TOKEN.variable() + "=" + token);
        return ExitCode.OK;
    }
}
