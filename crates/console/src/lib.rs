//! What people look at: console pages and reports, rendered from views.
