"""What puts Pingliu under load: a simulated city, and later what drives, audits and times the stack."""
