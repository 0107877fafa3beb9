/// The program: arguments, configuration, subcommands.
package ccproxy.command;
